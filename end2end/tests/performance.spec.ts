// How the server performs, for its administrators (O1).
import { administrator } from "../support/person";
import { open } from "../support/ready";
import { number } from "../support/screens";
import { expect, test } from "../support/test";

test("an administrator watches the last hour, and looks at a plan", async ({ page, person, anotherBrowser }) => {
  const busy = await anotherBrowser();
  await person.signIn(busy);
  await person.hasTask(busy, "Counted");
  await administrator.signIn(page);
  await open(page, "/settings");
  await page.getByRole("link", { name: "Performance" }).click();
  await expect(page.getByRole("heading", { name: "Performance", level: 1 })).toBeVisible();

  const created = page.getByRole("region", { name: "Routes" }).getByRole("row", { name: "POST /rpc/task/create" });
  const times = async () => Number((await created.getByRole("cell").first().textContent())?.replaceAll(",", ""));
  const before = await times();
  expect(before).toBeGreaterThan(0);
  for (let n = 0; n < 5; n++) await person.hasTask(busy, `Task ${n}`);
  // The poll comes every five seconds; the rest is the machine's.
  await expect.poll(times, { timeout: 10_000 }).toBeGreaterThanOrEqual(before + 5);
  await expect(number(page, "Connections in use")).toHaveText(/^\d+ of 10$/);

  const statement = page.getByRole("link", { name: "task_insert", exact: true });
  await statement.click();
  await expect(page).toHaveURL(/statement=task_insert/);
  await expect(statement).toHaveAttribute("aria-current", "true");
  await expect(page.getByRole("heading", { name: "Plan of task_insert" })).toBeInViewport();
  await expect(page.getByRole("region", { name: "Plan", exact: true })).toContainText("Insert on tasks");
  await expect(page.getByRole("region", { name: "Statement", exact: true })).toContainText("INSERT INTO tasks");
});

test("others are told whose it is, and are not shown the way", async ({ page, person, console }) => {
  console.expectStatus(403, "/admin/performance");
  await open(page, "/settings");
  await expect(page.getByRole("link", { name: "API tokens" })).toBeVisible();
  await expect(page.getByRole("link", { name: "Performance" })).toHaveCount(0);
  await open(page, "/admin/performance");
  await expect(page.getByRole("alert")).toContainText("Only administrators see how this server performs.");
  await expect(page.getByRole("table")).toHaveCount(0);
  expect(person.email).not.toBe(administrator.email);
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("the numbers and a plan are on the page", async ({ page, person }) => {
    await person.hasTask(page, "Counted");
    await administrator.signIn(page);
    await page.goto("/admin/performance");
    await page.getByRole("link", { name: "task_insert", exact: true }).click();
    await expect(page.getByRole("region", { name: "Plan", exact: true })).toContainText("Insert on tasks");
    await expect(page.getByRole("row", { name: "POST /rpc/task/create" })).toBeVisible();
  });
});
