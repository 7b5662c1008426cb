// What people see on the pages, by the words that they see.
import { type Locator, type Page, expect } from "@playwright/test";

/** One number of the dashboard. */
export function number(page: Page, label: string): Locator {
  const card = page.locator(".stat").filter({ has: page.getByRole("term").filter({ hasText: new RegExp(`^${label}$`) }) });
  return card.getByRole("definition").first();
}

/** A row of the task list. */
export function row(page: Page, title: string): Locator {
  return page.getByRole("listitem").filter({ has: page.getByRole("link", { name: title, exact: true }) });
}

/** The titles in the list, from the top. */
export function titles(page: Page): Locator {
  return page.locator(".task-title");
}

export async function add(page: Page, title: string) {
  await page.getByLabel("New task").fill(title);
  await page.getByRole("button", { name: "Add task" }).click();
}

/** Which status the list is filtered by, with its number, such as "Pending 3". */
export function tab(page: Page, name: string): Locator {
  return page.getByRole("navigation", { name: "Filter by status" }).getByRole("link", { name });
}

export async function expectPage(page: Page, heading: string) {
  await expect(page.getByRole("heading", { level: 1, name: heading })).toBeVisible();
}
