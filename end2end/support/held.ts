// Answers that come when the test says so.
import type { Page } from "@playwright/test";

/** Holds requests back until the returned function is called: all of them, or the first so many. */
export async function held(page: Page, url: string, { times = Infinity } = {}) {
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  let requests = 0;
  // Not by Playwright's own `times`: it lets go of what is held as soon as no route is left.
  await page.route(url, async (route) => {
    requests += 1;
    if (requests > times) return route.fallback();
    await released;
    await route.continue();
  });
  return release;
}
