// How the browser tests run. scripts/test asks for a second report, which scripts/reports.mjs reads.
import { defineConfig, devices } from "@playwright/test";
import { BROWSER, FLAGS } from "./support/browser.mjs";

export default defineConfig({
  testDir: "tests",
  outputDir: "test-results",
  globalSetup: "./support/shared-server.ts",
  // The tests share one server and one machine with it; each has accounts of its own.
  fullyParallel: true,
  workers: 2,
  retries: 0,
  forbidOnly: !!process.env.CI,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: "list",
  use: {
    ...devices["Desktop Chrome"],
    actionTimeout: 10_000,
    navigationTimeout: 20_000,
    trace: "retain-on-failure",
    screenshot: "only-on-failure",
    launchOptions: { executablePath: BROWSER, args: FLAGS },
  },
});
