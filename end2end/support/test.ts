// What every test stands on: a server, pages that are ready for a hand, people with accounts, and a
// console that must stay silent.
import { type BrowserContext, type Page, test as base, expect } from "@playwright/test";
import { Console } from "./console";
import { Person, newcomer } from "./person";
import { countForms } from "./ready";

export { expect };

type Fixtures = {
  /** Complaints of every page of this test; it fails on those that were not announced. */
  console: Console;
  /** Another browser, with a memory of its own. */
  anotherBrowser: (options?: Parameters<import("@playwright/test").Browser["newContext"]>[0]) => Promise<Page>;
  /** Somebody with an account, signed in on `page`; to ask for them is enough. */
  person: Person;
};

export const test = base.extend<Fixtures>({
  baseURL: async ({}, use) => {
    await use(process.env.TASKWIRE_TESTED);
  },

  console: [
    async ({ javaScriptEnabled }, use) => {
      const console = new Console();
      if (!javaScriptEnabled) console.tolerateUnusedPreload();
      await use(console);
      console.check();
    },
    { auto: true },
  ],

  context: async ({ context, console }, use) => {
    await prepare(context, console);
    await use(context);
  },

  anotherBrowser: async ({ browser, console, contextOptions, baseURL }, use) => {
    const opened: BrowserContext[] = [];
    await use(async (options) => {
      const context = await browser.newContext({ baseURL, ...contextOptions, ...options });
      opened.push(context);
      await prepare(context, console);
      return context.newPage();
    });
    for (const context of opened) await context.close();
  },

  person: async ({ page }, use) => {
    const person = newcomer();
    await person.signUp(page);
    await use(person);
  },
});

async function prepare(context: BrowserContext, console: Console) {
  console.listen(context);
  await countForms(context);
}
