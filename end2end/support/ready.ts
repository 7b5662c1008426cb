// A page can be used before wasm has taken it over, but behaves differently until then. There is no
// event for it, so every form is asked whether somebody listens to it.
import type { BrowserContext, Page } from "@playwright/test";

type Watched = { isTaken?: boolean };

/** Notes on each form that its submission is listened to. Once for every context, before its pages. */
export async function countForms(context: BrowserContext) {
  await context.addInitScript(() => {
    const listen = EventTarget.prototype.addEventListener;
    EventTarget.prototype.addEventListener = function (this: EventTarget & Watched, type: string, ...rest: unknown[]) {
      if (type === "submit") this.isTaken = true;
      return listen.call(this, type, ...(rest as [EventListener]));
    } as typeof listen;
  });
}

/** Waits until wasm has taken over every form of the page. */
export async function ready(page: Page) {
  const allTaken = () => {
    const forms = [...document.forms] as (HTMLFormElement & Watched)[];
    // The header's form comes first; the page behind it says itself when it is there.
    const isThere = document.documentElement.hasAttribute("data-ready");
    return isThere && forms.length > 0 && forms.every((form) => form.isTaken);
  };
  await page.waitForFunction(allTaken, undefined, { timeout: 20_000 });
}

/** Waits until what the page has put off until its next frame is done. */
export async function nextFrame(page: Page) {
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}

/** Opens a page and waits until it is ready. */
export async function open(page: Page, path: string) {
  const response = await page.goto(path);
  await ready(page);
  return response;
}
