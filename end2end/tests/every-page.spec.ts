// What holds for every page in every state: it fits the screen, and everybody can read and use it (D9).
import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { PLACES } from "../support/places";
import { newcomer } from "../support/person";
import { expect, test } from "../support/test";

const WIDTHS = [320, 768, 1440];
const SCHEMES = ["light", "dark"] as const;
const STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"];

async function violations(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).withTags(STANDARD).analyze();
  return violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html}\n${node.failureSummary}`));
}

/** What sticks out to the right. */
function overhang(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    const wide = [...document.body.querySelectorAll("*")].filter((element) => element.getBoundingClientRect().right > width);
    return wide.map((element) => `${element.tagName} ${element.className} ${element.textContent?.slice(0, 40)}`);
  });
}

for (const place of PLACES) {
  // Several pages are about a refusal, which Chromium notes.
  test.describe(place.name, () => {
    // Colours that are still changing are no one's contrast.
    test.use({ contextOptions: { reducedMotion: "reduce" } });

    test("fits the screen and passes axe, in both themes and at all widths", async ({ page, console }) => {
      console.tolerateRefusals();
      const person = newcomer("Averyverylongnamethatnobodycanbreak ".repeat(2).trim());
      if (!place.isOutside) await person.signUp(page);
      await page.setViewportSize({ width: WIDTHS[0], height: 800 });
      await place.open(page, person);

      for (const scheme of SCHEMES) {
        await page.emulateMedia({ colorScheme: scheme });
        for (const width of WIDTHS) {
          await page.setViewportSize({ width, height: 800 });
          // What the sticky header covers halfway down a page is no fault of what it covers.
          await page.evaluate(() => scrollTo(0, 0));
          expect.soft(await overhang(page), `sticking out at ${width}, ${scheme}`).toEqual([]);
          if (width !== 768) expect.soft(await violations(page), `axe at ${width}, ${scheme}`).toEqual([]);
          if (process.env.TASKWIRE_PICTURES) {
            const file = `${place.name.replace(/\W+/g, "-")}-${width}-${scheme}.png`;
            await page.screenshot({ path: `${process.env.TASKWIRE_PICTURES}/${file}`, fullPage: true });
          }
        }
      }
    });
  });
}
