// Measures the sign-in page and the dashboard with Lighthouse, as on a mid-range phone:
//
//   node lighthouse.mjs [FILE]     prints a table, and writes the figures as JSON to FILE (report/lighthouse.json)
//
// It starts the program at TASKWIRE_BIN (../dist/taskwire) as the tests do, or asks TASKWIRE_URL, a server that runs.
import { chromium } from "@playwright/test";
import { launch } from "chrome-launcher";
import lighthouse from "lighthouse";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { BROWSER, FLAGS } from "./support/browser.mjs";
import { withoutSettings } from "./support/environment.mjs";

const HERE = dirname(fileURLToPath(import.meta.url));
const CATEGORIES = ["performance", "accessibility", "best-practices", "seo"];
const WANTED = 95;
// Single runs vary with what else the machine does.
const RUNS = 3;

/** Runs the program in a folder of its own for as long as `use` takes. */
async function withServer(use) {
  if (process.env.TASKWIRE_URL) return use(process.env.TASKWIRE_URL);
  const program = resolve(process.env.TASKWIRE_BIN ?? join(HERE, "../dist/taskwire"));
  const folder = mkdtempSync(join(tmpdir(), "taskwire-"));
  chmodSync(folder, 0o711);
  const settings = { TASKWIRE_ADDR: "127.0.0.1:0", TASKWIRE_DATA_DIR: join(folder, "data") };
  const server = spawn(program, [], { cwd: folder, env: { ...withoutSettings(), ...settings } });
  try {
    const url = await new Promise((resolve, reject) => {
      let output = "";
      server.stderr.on("data", (text) => {
        output += text;
        const match = output.match(/Taskwire is at (http:\/\/[\d.:]+)/);
        if (match) resolve(match[1]);
      });
      server.once("exit", (code) => reject(new Error(`${program} ended with ${code}:\n${output}`)));
    });
    return await use(url);
  } finally {
    if (server.exitCode === null) {
      server.kill("SIGTERM");
      await once(server, "exit");
    }
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Somebody with a few tasks; returns their cookie. */
async function signUp(url) {
  const post = (path, form, cookie = "") =>
    fetch(`${url}/rpc/${path}`, { method: "POST", headers: { cookie }, body: new URLSearchParams(form) });
  const account = { name: "Ada Lovelace", email: `ada-${randomUUID()}@example.org`, password: "Correct-horse-1" };
  const answer = await post("account/sign_up", account);
  const cookie = answer.headers.get("set-cookie")?.split(";")[0];
  if (!answer.ok || !cookie) throw new Error(`sign-up was answered with ${answer.status}`);
  for (const title of ["Order new laptops", "Draft the quarterly report", "Plan the offsite", "Call the plumber"]) {
    await post("task/create", { title, description: "" }, cookie);
  }
  return cookie;
}

/** Signs the browser in. Not by Lighthouse's `extraHeaders`: the browser's own cookies would replace those. */
async function keep(cookie, url, port) {
  const browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`);
  const [name, value] = cookie.split("=");
  await browser.contexts()[0].addCookies([{ name, value, url, httpOnly: true }]);
  await browser.close();
}

async function measure(url, cookie) {
  const browser = await launch({
    chromePath: BROWSER ?? chromium.executablePath(),
    chromeFlags: ["--headless=new", ...FLAGS],
  });
  try {
    if (cookie) await keep(cookie, url, browser.port);
    // Mobile is Lighthouse's default profile: a slow phone on a slow network.
    const result = await lighthouse(url, {
      port: browser.port,
      onlyCategories: CATEGORIES,
      disableStorageReset: true,
      logLevel: "error",
    });
    const { categories, audits, runtimeError } = result.lhr;
    if (runtimeError) throw new Error(runtimeError.message);
    const scores = CATEGORIES.map((name) => [name, Math.round(categories[name].score * 100)]);
    const faults = CATEGORIES.flatMap((name) => categories[name].auditRefs)
      .filter(({ id, weight }) => weight > 0 && audits[id].score !== null && audits[id].score < 0.9)
      .map(({ id }) => `${id}: ${audits[id].displayValue ?? audits[id].title}`);
    return { ...Object.fromEntries(scores), faults: [...new Set(faults)] };
  } finally {
    browser.kill();
  }
}

/** The run in the middle, by performance. */
async function median(url, cookie) {
  const runs = [];
  for (let run = 0; run < RUNS; run++) runs.push(await measure(url, cookie));
  return runs.sort((a, b) => a.performance - b.performance)[Math.floor(RUNS / 2)];
}

const file = process.argv[2] ?? join(HERE, "report/lighthouse.json");
const figures = await withServer(async (url) => {
  const cookie = await signUp(url);
  return {
    "/sign-in": await median(`${url}/sign-in`),
    "/dashboard": await median(`${url}/dashboard`, cookie),
  };
});

mkdirSync(dirname(file), { recursive: true });
writeFileSync(file, `${JSON.stringify(figures, null, 2)}\n`);
console.table(Object.fromEntries(Object.entries(figures).map(([page, { faults, ...scores }]) => [page, scores])));
for (const [page, { faults }] of Object.entries(figures)) for (const fault of faults) console.log(`${page}: ${fault}`);
const short = Object.values(figures).some((page) => CATEGORIES.some((name) => page[name] < WANTED));
if (short) console.log(`not everything reaches ${WANTED}`);
