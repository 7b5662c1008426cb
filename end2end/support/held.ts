// Answers that come when the test says so.
import type { Page, Route } from "@playwright/test";

type How = {
  /** How many requests; without it all of them. */
  times?: number;
  /** What becomes of them. */
  then?: (route: Route) => Promise<void>;
};

/** Holds requests back until the returned function is called. */
export async function held(page: Page, url: string, { times, then = (route) => route.continue() }: How = {}) {
  let release = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  const handler = async (route: Route) => {
    await released;
    await then(route);
  };
  await page.route(url, handler, { times });
  return release;
}
