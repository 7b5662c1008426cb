// Light and dark, and whose day it is.
import type { Page } from "@playwright/test";
import { open, ready } from "../support/ready";
import { expect, test } from "../support/test";

/** Whether the page is light or dark, by what is seen. */
const shade = (page: Page) =>
  page.evaluate(() => {
    const [red, green, blue] = getComputedStyle(document.documentElement).backgroundColor.match(/[\d.]+/g)!.map(Number);
    return red + green + blue > 382 ? "light" : "dark";
  });

test("colours follow the system until the person chooses, and the choice stays", async ({ page, person }) => {
  const theme = page.getByRole("group", { name: "Theme" });
  await page.emulateMedia({ colorScheme: "dark" });
  await open(page, "/dashboard");
  expect(await shade(page)).toBe("dark");
  await page.emulateMedia({ colorScheme: "light" });
  expect(await shade(page)).toBe("light");

  const kept = page.waitForResponse("**/rpc/preferences/theme");
  await page.getByRole("button", { name: "Dark theme" }).click();
  await expect.poll(() => shade(page)).toBe("dark");
  await kept;
  await page.reload();
  await ready(page);
  expect(await shade(page)).toBe("dark");
  await expect(page.getByRole("button", { name: "Light theme" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Dark theme" })).toBeHidden();

  await open(page, "/settings");
  await expect(theme.getByRole("button", { name: "Dark" })).toHaveAttribute("aria-pressed", "true");
  const forgotten = page.waitForResponse("**/rpc/preferences/theme");
  await theme.getByRole("button", { name: "System" }).click();
  await expect.poll(() => shade(page)).toBe("light");
  await forgotten;
  await page.reload();
  await page.emulateMedia({ colorScheme: "dark" });
  expect(await shade(page)).toBe("dark");
});

test("colours can be chosen before signing in", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "light" });
  await open(page, "/sign-in");
  await page.getByRole("button", { name: "Dark theme" }).click();
  await expect.poll(() => shade(page)).toBe("dark");
  await expect(page).toHaveURL(/\/sign-in$/);
});

test.describe("in Eucla", () => {
  test.use({ timezoneId: "Australia/Eucla" });

  const clock = (page: Page) => page.locator(".freshness time");
  const timeIn = (zone: string) =>
    new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit" }).format(new Date());

  test("the clock is the browser's, until the person chooses another zone", async ({ page, person }) => {
    await open(page, "/dashboard");
    // The server hears of the zone when wasm starts, and answers anew.
    await expect(async () => {
      expect(await clock(page).innerText()).toContain(timeIn("Australia/Eucla"));
    }).toPass({ timeout: 10_000 });
    const cookies = await page.context().cookies();
    expect(cookies.find(({ name }) => name === "tz")?.value).toBe("Australia/Eucla");

    await open(page, "/settings");
    await page.getByLabel("Days and weeks begin by the clock of").selectOption("America/St_Johns");
    await page.getByRole("button", { name: "Save time zone" }).click();
    await expect(page.getByText("Saved")).toBeVisible();
    await open(page, "/dashboard");
    await expect(async () => {
      expect(await clock(page).innerText()).toContain(timeIn("America/St_Johns"));
    }).toPass({ timeout: 10_000 });
  });
});
