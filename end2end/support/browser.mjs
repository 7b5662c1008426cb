// The browser of the tests and of Lighthouse.
import { existsSync } from "node:fs";

const DEBIANS = "/usr/bin/chromium";

/** Debian's Chromium; where it is not installed, scripts/setup has installed Playwright's own. */
export const BROWSER = existsSync(DEBIANS) ? DEBIANS : undefined;

// Nothing in the background, no graphics card; and no sandbox for root, for whom Chromium has none, nor for
// Playwright's own, to which some systems refuse it.
export const FLAGS = [
  ...(!BROWSER || process.getuid?.() === 0 ? ["--no-sandbox"] : []),
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
