// The real program: a server on its embedded PostgreSQL, and that PostgreSQL alone. Each has a folder of
// its own, which goes with it.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { withoutSettings } from "./environment.mjs";

const PROGRAM = resolve(process.env.TASKWIRE_BIN ?? join(__dirname, "../../dist/taskwire"));

/** Signs the sessions of every server here, so that tests can make tokens of their own. */
export const SECRET = "a-secret-for-browser-tests-only-0123456789";

class Program {
  private process?: ChildProcess;
  private output = "";
  protected readonly folder = mkdtempSync(join(tmpdir(), "taskwire-"));

  constructor() {
    if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is missing: run make build, or set TASKWIRE_BIN`);
    // As root, PostgreSQL runs as another user, who must get through.
    chmodSync(this.folder, 0o711);
  }

  /** Starts it and waits until its output matches. */
  protected async run(args: string[], settings: Record<string, string>, ready: RegExp): Promise<string> {
    this.output = "";
    const child = spawn(PROGRAM, args, {
      // Away from any `.env` of the person's own.
      cwd: this.folder,
      env: { ...withoutSettings(), TASKWIRE_DATA_DIR: join(this.folder, "data"), ...settings },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.process = child;
    return new Promise((resolve, reject) => {
      const read = (text: Buffer) => {
        this.output = (this.output + text).slice(-20_000);
        const match = this.output.match(ready);
        if (match) resolve(match[1]);
      };
      child.stdout.on("data", read);
      child.stderr.on("data", read);
      child.once("error", reject);
      child.once("exit", (code) => reject(new Error(`${PROGRAM} ended with ${code}:\n${this.output}`)));
    });
  }

  /** Stops it as a system does, and waits until it is gone. */
  async stop(): Promise<void> {
    const child = this.process;
    this.process = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, "exit");
    child.kill("SIGTERM");
    const [code] = await gone;
    if (code !== 0) throw new Error(`${PROGRAM} ended with ${code}:\n${this.output}`);
  }

  /** Stops it for good. */
  async end(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Serves a site on a free port; started again it has the same port and the same data. */
export class Server extends Program {
  url = "http://127.0.0.1:0";

  constructor(private readonly settings: Record<string, string> = {}) {
    super();
  }

  async start(): Promise<this> {
    const settings = {
      TASKWIRE_ADDR: new URL(this.url).host,
      AUTH_SECRET: SECRET,
      TASKWIRE_LOG_FORMAT: "json",
      // Every test signs up from this machine.
      TASKWIRE_LIMIT_SIGN_IN: "off",
      TASKWIRE_LIMIT_ADDRESS: "off",
      ...this.settings,
    };
    this.url = await this.run([], settings, /Taskwire is at (http:\/\/[\d.:]+)/);
    return this;
  }
}

/** A PostgreSQL that can be stopped under a running server. */
export class Database extends Program {
  async start(): Promise<string> {
    return this.run(["postgres", "start", "--for-tests"], { TASKWIRE_LOG: "warn" }, /(postgres:\/\/\S+)/);
  }
}
