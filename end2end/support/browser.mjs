// The browser of the tests and of Lighthouse: Debian's Chromium where it is installed.

export const BROWSER = "/usr/bin/chromium";

// Nothing in the background, no graphics card; and no sandbox for root, for whom Chromium has none.
export const FLAGS = [
  ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
