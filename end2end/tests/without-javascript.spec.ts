// Every page and every form in a browser without JavaScript (D5).
import { add, expectPage, number, row, tab, titles } from "../support/screens";
import { call, newcomer } from "../support/person";
import { expect, test } from "../support/test";

test.use({ javaScriptEnabled: false });

test("a newcomer signs up, signs out, mistypes the password, and signs in", async ({ page, console }) => {
  console.expectStatus(401, "/rpc/account/sign_in");
  const ada = newcomer();
  await page.goto("/tasks?status=pending");
  await page.getByRole("link", { name: "Create an account" }).click();
  await page.getByLabel("Name").fill(ada.name);
  await page.getByLabel("Email").fill(ada.email);
  await page.getByLabel("Password").fill(ada.password);
  await page.getByRole("button", { name: "Create account" }).click();
  // Where they were going before there was an account.
  await expect(page).toHaveURL(/\/tasks\?status=pending$/);

  await page.getByRole("button", { name: "Sign out" }).click();
  await expectPage(page, "Sign in to Taskwire");
  await ada.fillSignIn(page, "Wrong-horse-1");
  await expect(page.getByRole("alert")).toHaveText("Email or password is not right.");
  await expect(page.getByLabel("Email")).toHaveValue(ada.email);
  await expect(page.getByLabel("Password")).toHaveValue("");
  await ada.fillSignIn(page);
  await expect(page).toHaveURL(/^[^?]+\/dashboard$/);
});

test("a pasted file is refused with everything in it, mended and imported", async ({ page, person, console }) => {
  console.expectStatus(422, "/rpc/task/import");
  await page.goto("/settings");
  await page.getByRole("link", { name: "Import tasks" }).click();
  await expect(page.locator(".field", { has: page.getByLabel("Choose a file") })).toHaveCSS("display", "none");
  const text = page.getByLabel("Tasks", { exact: true });
  await text.fill("title\nPlan\n \n");
  await page.getByRole("button", { name: "Import" }).click();
  await expect(page.getByRole("alert").getByRole("listitem")).toHaveText(["Line 3: The title must not be empty."]);
  await expect(text).toHaveValue("title\nPlan\n \n");
  await text.fill("title\nPlan\nGo\n");
  await page.getByRole("button", { name: "Import" }).click();
  await expect(page).toHaveURL(/\/settings\/import\?made=2$/);
  await expect(page.getByText("2 tasks were made.")).toBeVisible();
  await page.getByRole("link", { name: "To your tasks" }).click();
  await expect(titles(page)).toHaveCount(2);
});

test("a refused sign-up names every broken rule and keeps all but the password", async ({ page, console }) => {
  console.expectStatus(422, "/rpc/account/sign_up");
  await page.goto("/sign-up");
  await page.getByLabel("Name").fill("  ");
  await page.getByLabel("Email").fill("ada@example.org");
  await page.getByLabel("Password").fill("weak");
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByText("The name must not be empty.")).toBeVisible();
  await expect(page.getByText("A password needs at least 8 characters.")).toBeVisible();
  await expect(page.getByLabel("Email")).toHaveValue("ada@example.org");
  await expect(page.getByLabel("Password")).toHaveValue("");
});

test("tasks are made, completed, reopened, deleted after a question, and brought back", async ({ page, person }) => {
  await page.goto("/tasks");
  await expect(page.getByText("No tasks yet")).toBeVisible();
  await page.getByText("Add a description").click();
  await page.getByLabel("Description").fill("With scripts off.");
  await add(page, "Plain form");
  await expect(page).toHaveURL(/^[^?]+\/tasks$/);
  await expect(row(page, "Plain form")).toContainText("With scripts off.");

  await page.getByRole("button", { name: "Complete Plain form" }).click();
  await expect(row(page, "Plain form")).toContainText("Completed just now");
  await tab(page, "Completed").click();
  await page.getByRole("button", { name: "Reopen Plain form" }).click();
  await expect(page).toHaveURL(/\/tasks\?status=completed$/);
  await expect(titles(page)).toHaveCount(0);
  await tab(page, "All").click();

  await page.getByRole("link", { name: "Delete Plain form" }).click();
  await page.getByRole("link", { name: "Keep it" }).click();
  await page.getByRole("link", { name: "Delete Plain form" }).click();
  await page.getByRole("button", { name: "Delete task" }).click();
  await expect(page.getByText("Deleted “Plain form”.")).toBeVisible();
  await expect(titles(page)).toHaveCount(0);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(row(page, "Plain form")).toContainText("With scripts off.");
});

test("a task that breaks a rule comes back with every letter", async ({ page, person, console }) => {
  console.expectStatus(422, "/rpc/task/create");
  await page.goto("/tasks?status=pending");
  await page.getByText("Add a description").click();
  const title = "x".repeat(201);
  await page.getByLabel("Description").fill("A </textarea><b>description</b>\nof two lines");
  await add(page, title);
  await expect(page.getByText("The title must have at most 200 characters (now 201).")).toBeVisible();
  await expect(page.getByLabel("New task")).toHaveValue(title);
  await expect(page.getByLabel("Description")).toHaveValue("A </textarea><b>description</b>\nof two lines");
  await add(page, "Short enough");
  await expect(row(page, "Short enough")).toContainText("A </textarea><b>description</b>");
});

test("the list is searched, sorted, filtered and turned over", async ({ page, person }) => {
  for (let n = 1; n <= 26; n++) await person.hasTask(page, `Task ${n}`);
  await person.hasCompleted(page, "Needle");
  await page.goto("/tasks");
  await page.getByRole("link", { name: "Next page" }).click();
  await expect(titles(page)).toHaveText(["Task 2", "Task 1"]);
  await page.getByRole("link", { name: "First page" }).click();
  await page.getByLabel("Search tasks").fill("needle");
  await page.getByLabel("Sort by").selectOption("Oldest");
  await page.getByRole("button", { name: "Search" }).click();
  await expect(titles(page)).toHaveText(["Needle"]);
  await expect(page.getByLabel("Sort by")).toHaveValue("oldest");
  await tab(page, "Pending").click();
  await expect(page.getByText("Nothing matches")).toBeVisible();
});

test("a task is edited, and a stale edit shows both texts", async ({ page, person, console }) => {
  console.expectStatus(412, "/rpc/task/update");
  const task = await person.hasTask(page, "First words", "First description");
  await page.goto(`/tasks/${task.id}`);
  await page.getByLabel("Title").fill("Second words");
  await page.getByRole("button", { name: "Save changes" }).click();
  await expect(page.getByText("Saved")).toBeVisible();
  await expectPage(page, "Second words");

  const fields = { id: String(task.id), version: "2", title: "Words of another", description: "From elsewhere" };
  expect((await call(page.request, "task/update", fields)).status()).toBe(200);
  await page.getByLabel("Title").fill("My own words");
  await page.getByRole("button", { name: "Save changes" }).click();
  await expect(page.getByRole("blockquote")).toContainText("Words of another");
  await expect(page.getByRole("blockquote")).toContainText("From elsewhere");
  await expect(page.getByLabel("Title")).toHaveValue("My own words");
  await expect(page.getByLabel("Description")).toHaveValue("First description");
  await page.getByRole("button", { name: "Save my text anyway" }).click();
  await expectPage(page, "My own words");
  await expect(page.getByText("Saved")).toBeVisible();
});

test("a task is deleted on its own page, and not when somebody has just changed it", async ({
  page,
  person,
  console,
}) => {
  console.expectStatus(412, "/rpc/task/delete");
  const task = await person.hasTask(page, "Doomed");
  await page.goto(`/tasks/${task.id}`);
  await page.getByRole("link", { name: "Delete…" }).click();
  const fields = { id: String(task.id), version: "1", title: "Not so fast", description: "" };
  expect((await call(page.request, "task/update", fields)).status()).toBe(200);
  await page.getByRole("button", { name: "Delete task" }).click();
  await expect(page.getByText("Somebody changed this in the meantime.")).toBeVisible();
  await expectPage(page, "Not so fast");
  await page.getByRole("button", { name: "Delete task" }).click();
  await expect(page.getByText("Deleted “Not so fast”.")).toBeVisible();
});

test("the dashboard is whole and refreshes itself", async ({ page, person }) => {
  await person.hasTask(page, "First");
  const answer = await page.goto("/dashboard");
  expect(await answer?.text()).toMatch(/<noscript><meta http-equiv="refresh" content="5"\s*\/?><\/noscript>/);
  await expect(number(page, "Total")).toHaveText("1");
  await person.hasTask(page, "Second");
  await expect(number(page, "Total")).toHaveText("2", { timeout: 8_000 });
  await expect(page.getByRole("region", { name: "Recent tasks" }).getByRole("link")).toHaveText(["Second", "First"]);

  await page.getByRole("link", { name: "Stop refreshing" }).click();
  await expect(page).toHaveURL(/\/dashboard\?refresh=off$/);
  expect(await (await page.request.get("/dashboard?refresh=off")).text()).not.toContain("http-equiv=\"refresh\"");
});

test("theme and time zone are chosen, other sessions ended", async ({ page, person, anotherBrowser }) => {
  const elsewhere = await anotherBrowser();
  await person.signIn(elsewhere);
  await page.goto("/settings");

  await page.getByRole("group", { name: "Theme" }).getByRole("button", { name: "Dark" }).click();
  await expect(page).toHaveURL(/\/settings$/);
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.getByRole("button", { name: "Light theme" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "light");
  await page.getByRole("group", { name: "Theme" }).getByRole("button", { name: "System" }).click();
  await expect(page.locator("html")).not.toHaveAttribute("data-theme");

  await page.getByLabel("Days and weeks begin by the clock of").selectOption("Asia/Kolkata");
  await page.getByRole("button", { name: "Save time zone" }).click();
  await expect(page.getByText("Saved")).toBeVisible();
  await expect(page.getByLabel("Days and weeks begin by the clock of")).toHaveValue("Asia/Kolkata");

  await page.getByRole("button", { name: /^End session: / }).click();
  await expect(page.getByRole("button", { name: /^End session: / })).toHaveCount(0);
  await expect(page.getByText("Session ended")).toBeVisible();
  await elsewhere.goto("/tasks");
  await expect(elsewhere).toHaveURL(/\/sign-in\?next=/);
});

test("an account is deleted after a question and the password", async ({ page, person, console }) => {
  console.expectStatus(422, "/rpc/account/delete");
  await page.goto("/settings");
  await page.getByRole("link", { name: "Delete your account…" }).click();
  const question = page.getByRole("group", { name: "Delete your account and all that is yours?" });
  await question.getByLabel("Your password, once more").fill("Wrong-horse-1");
  await question.getByRole("button", { name: "Delete account" }).click();
  await expect(question.getByText("This is not your current password.")).toBeVisible();
  await expect(question.getByLabel("Your password, once more")).toHaveValue("");
  await question.getByLabel("Your password, once more").fill(person.password);
  await question.getByRole("button", { name: "Delete account" }).click();
  await expectPage(page, "Sign in to Taskwire");
  await expect(page.getByText("Your account was deleted.")).toBeVisible();
});
