// The first hour with Taskwire.
import { held } from "../support/held";
import { add, expectPage, number, row, tab, titles } from "../support/screens";
import { newcomer } from "../support/person";
import { open, ready } from "../support/ready";
import { expect, test } from "../support/test";

test("a newcomer signs up, keeps tasks, finds the way around, and signs out", async ({ page }) => {
  const ada = newcomer();

  await test.step("the front door leads to sign-in, and from there to a new account", async () => {
    await open(page, "/");
    await expect(page).toHaveURL(/\/sign-in\?next=/);
    await page.getByRole("link", { name: "Create an account" }).click();
    await expectPage(page, "Create your account");
    await page.getByLabel("Name").fill(ada.name);
    await page.getByLabel("Email").fill(ada.email);
    await page.getByLabel("Password").fill(ada.password);
    await page.getByRole("button", { name: "Create account" }).click();
  });

  await test.step("the empty dashboard invites to the first task", async () => {
    await expect(page).toHaveURL(/^[^?]+\/dashboard$/);
    await expectPage(page, "Dashboard");
    await expect(page).toHaveTitle("Dashboard · Taskwire");
    await expect(number(page, "Total")).toHaveText("0");
    await page.getByRole("link", { name: "Add your first task" }).click();
    await expectPage(page, "Tasks");
    await expect(page.getByText("No tasks yet")).toBeVisible();
  });

  await test.step("tasks are typed one after the other", async () => {
    for (const title of ["Buy milk", "Water the plants", "Write to Grace"]) {
      await page.getByLabel("New task").fill(title);
      await page.keyboard.press("Enter");
      await expect(row(page, title)).toBeVisible();
      await expect(page.getByLabel("New task")).toHaveValue("");
      await expect(page.getByLabel("New task")).toBeFocused();
    }
    await expect(tab(page, "Pending")).toHaveText("Pending 3");
  });

  await test.step("one is done, and then not yet", async () => {
    await page.getByRole("button", { name: "Complete Buy milk" }).click();
    await expect(row(page, "Buy milk")).toContainText("Completed just now");
    await expect(tab(page, "Completed")).toHaveText("Completed 1");
    await page.getByRole("button", { name: "Reopen Buy milk" }).click();
    await expect(page.getByRole("button", { name: "Complete Buy milk" })).toBeVisible();
    await expect(tab(page, "Pending")).toHaveText("Pending 3");
  });

  await test.step("a task gets another title and a description", async () => {
    await page.getByRole("link", { name: "Edit Buy milk" }).click();
    await expectPage(page, "Buy milk");
    await page.getByLabel("Title").fill("Buy oat milk");
    await page.getByLabel("Description").fill("Two litres.\nThe blue one.");
    await page.getByRole("button", { name: "Save changes" }).click();
    await expect(page.getByRole("status").filter({ hasText: "Saved" })).toBeVisible();
    await expectPage(page, "Buy oat milk");
    await page.getByRole("link", { name: "All tasks" }).click();
    await expect(row(page, "Buy oat milk")).toContainText("Two litres.");
  });

  await test.step("deleting asks first, and can be undone", async () => {
    await page.getByRole("link", { name: "Delete Write to Grace" }).click();
    await expect(page.getByRole("group", { name: "Delete “Write to Grace”?" })).toBeVisible();
    await page.getByRole("link", { name: "Keep it" }).click();
    await expect(page.getByRole("group", { name: "Delete “Write to Grace”?" })).toBeHidden();
    await page.getByRole("link", { name: "Delete Write to Grace" }).click();
    await page.getByRole("button", { name: "Delete task" }).click();
    await expect(page.getByText("Deleted “Write to Grace”.")).toBeVisible();
    await expect(row(page, "Write to Grace")).toBeHidden();
    await page.getByRole("button", { name: "Undo" }).click();
    await expect(row(page, "Write to Grace")).toBeVisible();
    await expect(page.getByText("Deleted “Write to Grace”.")).toBeHidden();
  });

  await test.step("the dashboard counts it all and leads to the tasks behind a number", async () => {
    await page.getByRole("button", { name: "Complete Water the plants" }).click();
    await expect(page.getByRole("button", { name: "Reopen Water the plants" })).toBeVisible();
    await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Dashboard" }).click();
    await expect(number(page, "Total")).toHaveText("3");
    await expect(number(page, "Completed")).toHaveText("1");
    await expect(number(page, "Completion rate")).toHaveText("33.3 %");
    await expect(page.getByRole("region", { name: "Recent tasks" }).getByRole("link")).toHaveText([
      "Water the plants",
      "Buy oat milk",
      "Write to Grace",
    ]);
    await page.getByRole("region", { name: "Statistics" }).getByRole("link", { name: "Completed" }).click();
    await expect(titles(page)).toHaveText(["Water the plants"]);
  });

  await test.step("settings show the account and where it is signed in", async () => {
    await page.getByRole("link", { name: "Settings" }).click();
    await expectPage(page, "Settings");
    await expect(page.getByRole("region", { name: "Account", exact: true })).toContainText(ada.email);
    await expect(page.getByRole("region", { name: "Where you are signed in" })).toContainText("This browser");
  });

  await test.step("signed out, a page leads to sign-in and back to itself", async () => {
    await page.getByRole("button", { name: "Sign out" }).first().click();
    await expectPage(page, "Sign in to Taskwire");
    await open(page, "/tasks?status=completed");
    await expect(page).toHaveURL(/\/sign-in\?next=/);
    await expect(page.getByText("Please sign in to go on.")).toBeVisible();
    await ada.fillSignIn(page);
    await expect(page).toHaveURL(/\/tasks\?status=completed$/);
    await expect(titles(page)).toHaveText(["Water the plants"]);
  });
});

test("the list is filtered, searched and sorted, and its address keeps all of it", async ({ page, person }) => {
  for (const title of ["Cherry cake", "Apple pie", "Banana bread", "apple juice"]) await person.hasTask(page, title);
  await person.hasCompleted(page, "Apple tart");
  await open(page, "/tasks");
  await expect(titles(page)).toHaveText(["Apple tart", "apple juice", "Banana bread", "Apple pie", "Cherry cake"]);

  await tab(page, "Pending").click();
  await expect(titles(page)).toHaveText(["apple juice", "Banana bread", "Apple pie", "Cherry cake"]);
  await expect(tab(page, "Pending")).toHaveAttribute("aria-current", "true");

  await page.getByLabel("Search tasks").fill("apple");
  await page.keyboard.press("Enter");
  await expect(titles(page)).toHaveText(["apple juice", "Apple pie"]);

  await page.getByLabel("Sort by").selectOption("Title");
  await expect(page).toHaveURL(/sort=title/);
  await expect(titles(page)).toHaveText([/apple/i, /apple/i]);
  const sorted = await titles(page).allTextContents();

  await page.reload();
  await ready(page);
  await expect(titles(page)).toHaveText(sorted);
  await expect(page.getByLabel("Search tasks")).toHaveValue("apple");
  await expect(page.getByLabel("Sort by")).toHaveValue("title");

  await tab(page, "All").click();
  await expect(titles(page)).toHaveCount(3);
  await page.getByLabel("Search tasks").fill("no such thing");
  await page.getByRole("button", { name: "Search" }).click();
  await expect(page.getByText("Nothing matches")).toBeVisible();
  await page.getByRole("link", { name: "Show all tasks" }).click();
  await expect(titles(page)).toHaveCount(5);

  await page.goBack();
  await expect(page.getByText("Nothing matches")).toBeVisible();
  await expect(page.getByLabel("Search tasks")).toHaveValue("no such thing");
});

test("a long list comes in pages", async ({ page, person }) => {
  const all = Array.from({ length: 30 }, (_, n) => `Task ${String(n + 1).padStart(2, "0")}`);
  for (const title of all) await person.hasTask(page, title);
  await open(page, "/tasks?sort=oldest");
  await expect(titles(page)).toHaveText(all.slice(0, 25));
  await page.getByRole("link", { name: "Next page" }).click();
  await expect(titles(page)).toHaveText(all.slice(25));
  await expect(page.getByRole("link", { name: "Next page" })).toBeHidden();
  await page.getByRole("link", { name: "First page" }).click();
  await expect(titles(page)).toHaveText(all.slice(0, 25));
});

test("a task is completed, reopened, deleted and brought back on its own page", async ({ page, person }) => {
  const task = await person.hasTask(page, "Call the plumber", "The tap drips.");
  await open(page, `/tasks/${task.id}`);
  await expect(page).toHaveTitle("Call the plumber · Taskwire");
  await expect(page.getByLabel("Description")).toHaveValue("The tap drips.");
  await page.getByRole("button", { name: "Complete" }).click();
  await page.getByRole("button", { name: "Reopen" }).click();
  await expect(page.getByRole("button", { name: "Complete" })).toBeVisible();
  await page.getByRole("link", { name: "Delete…" }).click();
  await page.getByRole("button", { name: "Delete task" }).click();
  await expect(page).toHaveURL(/\/tasks\?deleted=/);
  await expect(page.getByText("Deleted “Call the plumber”.")).toBeVisible();
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(row(page, "Call the plumber")).toContainText("The tap drips.");
});

test("what is typed before wasm has taken over stays", async ({ page, person }) => {
  const release = await held(page, "**/*.wasm");
  await person.hasTask(page, "Already there");
  await page.goto("/tasks", { waitUntil: "commit" });
  await page.getByLabel("New task").fill("Typed early");
  release();
  await ready(page);
  await expect(page.getByLabel("New task")).toHaveValue("Typed early");
  await page.getByRole("button", { name: "Add task" }).click();
  await expect(row(page, "Typed early")).toBeVisible();
});

test("one browser sees nothing of another person's tasks", async ({ page, person, anotherBrowser }) => {
  const task = await person.hasTask(page, "Private");
  const strangersPage = await anotherBrowser();
  await newcomer("Eve").signUp(strangersPage);
  await open(strangersPage, "/tasks");
  await expect(strangersPage.getByText("No tasks yet")).toBeVisible();
  await add(strangersPage, "Eve's own");
  await expect(titles(strangersPage)).toHaveText(["Eve's own"]);
  expect((await strangersPage.request.get(`/tasks/${task.id}`)).status()).toBe(404);
});
