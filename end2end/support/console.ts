import { type BrowserContext, expect } from "@playwright/test";

/** What browsers complain about while a test runs: errors and warnings, also those of scripts. */
export class Console {
  private readonly lines: string[] = [];
  private readonly announced: RegExp[] = [];
  private readonly tolerated: RegExp[] = [];

  listen(context: BrowserContext) {
    context.on("console", (message) => {
      if (message.type() === "error" || message.type() === "warning") {
        this.lines.push(`${message.type()}: ${message.text()} (${message.location().url})`);
      }
    });
    context.on("weberror", (error) => this.lines.push(`uncaught: ${error.error().stack}`));
  }

  /** Chromium writes a line for every answer that is an error; here one is part of the story. */
  expectStatus(status: number, path: string) {
    this.announced.push(new RegExp(`^error: Failed to load resource: .* status of ${status} .*${path}`));
  }

  /** The same for requests that get no answer at all, because the server is gone. */
  expectNoAnswer(path: string) {
    this.announced.push(
      new RegExp(`^error: Failed to load resource: net::ERR_(CONNECTION_|EMPTY_RESPONSE|INCOMPLETE_|SOCKET_).*${path}`),
    );
  }

  /** What a script says itself, or fails with. */
  expectError(text: string) {
    this.announced.push(new RegExp(`^(error|uncaught): .*${text}`, "s"));
  }

  /** For tests that look at many states, some of which are about a refusal or a missing answer. */
  tolerateRefusals() {
    this.tolerated.push(/^error: Failed to load resource: /);
  }

  /** Without JavaScript nothing uses the wasm that the page announces. */
  tolerateUnusedPreload() {
    this.tolerated.push(/^warning: The resource \S+\.wasm was preloaded using link preload but not used/);
  }

  check() {
    const expected = [...this.announced, ...this.tolerated];
    const unannounced = this.lines.filter((line) => !expected.some((pattern) => pattern.test(line)));
    expect(unannounced, "the browser's console").toEqual([]);
    const missing = this.announced.filter((pattern) => !this.lines.some((line) => pattern.test(line)));
    expect(missing, "announced complaints that did not come").toEqual([]);
  }
}
