// One's own account: name, password, sessions, and what happened to it.
import { readFile } from "node:fs/promises";
import { held } from "../support/held";
import { call, newcomer } from "../support/person";
import { nextFrame, open } from "../support/ready";
import { expectPage, titles } from "../support/screens";
import { expect, test } from "../support/test";

test("name and password are changed, which signs out everywhere else", async ({ page, person, anotherBrowser, console }) => {
  console.expectStatus(422, "/rpc/account/change_password");
  const elsewhere = await anotherBrowser();
  await person.signIn(elsewhere);
  await open(page, "/settings");
  await page.getByLabel("Current password").fill("Half");
  await page.getByLabel("Name").fill("Grace <b>");
  await page.getByRole("button", { name: "Save name" }).click();
  await expect(page.getByRole("status").filter({ hasText: "Saved" })).toHaveCount(1);
  await expect(page.getByLabel("Current password")).toHaveValue("Half");

  const change = page.getByRole("button", { name: "Change password" });
  await page.getByLabel("Current password").fill("Wrong-horse-1");
  await page.getByLabel("New password").fill("Better-horse-2");
  await change.click();
  await expect(page.locator("#current_password-error")).toBeVisible();
  await expect(page.getByLabel("Current password")).toBeFocused();
  await page.getByLabel("Current password").fill(person.password);
  await change.click();
  await expect(page.getByText("Saved. Everywhere else you have been signed out.")).toBeVisible();
  await expect(page.getByLabel("New password")).toHaveValue("");
  expect((await call(elsewhere.request, "task/create", { title: "x" })).status()).toBe(401);

  await page.getByRole("link", { name: "Activity" }).click();
  await expectPage(page, "Activity");
  await expect(page.getByText("You changed your password.")).toBeVisible();
});

test("what was saved stays said when the sessions cannot be read again", async ({ page, person, console }) => {
  console.expectNoAnswer("/rpc/session/list");
  await open(page, "/settings");
  await page.route("**/rpc/session/list", (route) => route.abort("connectionrefused"), { times: 1 });
  await page.getByLabel("New password").fill("Half");
  await page.getByLabel("Name").fill("Grace");
  await page.getByRole("button", { name: "Save name" }).click();
  const sessions = page.getByRole("region", { name: "Where you are signed in" });
  await expect(sessions.getByRole("alert")).toBeVisible();
  await expect(sessions.getByText("This browser")).toBeVisible();
  await expect(page.getByRole("region", { name: "Account", exact: true }).getByText("Saved")).toBeVisible();
  await expect(page.getByLabel("Name")).toHaveValue("Grace");
  await expect(page.getByLabel("New password")).toHaveValue("Half");
});

test("what is refused is told once, where it was asked for", async ({ page, person, console }) => {
  console.expectNoAnswer("/rpc/account/update");
  await open(page, "/settings");
  let readings = 0;
  page.on("request", (request) => (readings += Number(request.url().includes("/rpc/session/list"))));
  await page.route("**/rpc/account/update", (route) => route.abort("connectionrefused"), { times: 1 });
  const save = page.getByRole("button", { name: "Save name" });
  await save.click();
  await expect(page.getByRole("region", { name: "Account", exact: true }).getByRole("alert")).toBeVisible();
  await nextFrame(page);
  expect(readings).toBe(0);
  await expect(page.getByRole("alert")).toHaveCount(1);
  await save.click();
  await expect(page.getByText("Saved", { exact: true })).toBeVisible();
  await expect.poll(() => readings).toBe(1);
});

test("an ended session leaves the focus to the heading", async ({ page, person, anotherBrowser }) => {
  await person.signIn(await anotherBrowser());
  await open(page, "/settings");
  const sessions = page.getByRole("region", { name: "Where you are signed in" });
  await sessions.getByRole("button", { name: /^End session/ }).first().click();
  await expect(sessions.getByText("Session ended")).toBeVisible();
  await expect(sessions.getByRole("heading")).toBeFocused();

  // Something else is saved while sessions come and go.
  await person.signIn(await anotherBrowser());
  const answer = await held(page, "**/rpc/account/update");
  await page.getByLabel("Name").fill("Grace");
  await page.getByRole("button", { name: "Save name" }).click();
  await page.getByRole("button", { name: "Save name" }).blur();
  answer();
  await expect(sessions.getByRole("button", { name: /^End session/ })).toHaveCount(1);
  await nextFrame(page);
  await expect(sessions.getByRole("heading")).not.toBeFocused();
});

test("when a session was last used is told anew", async ({ page, person, anotherBrowser }) => {
  await person.signIn(await anotherBrowser());
  await open(page, "/settings");
  // The server notes it once in five minutes, for which this test does not wait.
  await page.route("**/rpc/session/list", async (route) => {
    const response = await route.fetch();
    const later = (await response.json()).map((session: object) => ({ ...session, last_seen_at: "2099-01-02T03:04:05Z" }));
    await route.fulfill({ response, json: later });
  });
  await page.getByLabel("Name").fill("Grace");
  await page.getByRole("button", { name: "Save name" }).click();
  const sessions = page.getByRole("region", { name: "Where you are signed in" });
  await expect(sessions.locator("time[datetime='2099-01-02T03:04:05Z']")).toHaveCount(2);
});

test("a team's owner reads in its log what was refused to others, and members do not", async ({
  page,
  person,
  anotherBrowser,
  console,
}) => {
  const bobs = await anotherBrowser();
  const bob = newcomer("Bob");
  await bob.signUp(bobs);
  const team = await person.hasTeam(page, "Crew");
  await person.adds(page, team, bob, "viewer");
  const tried = await call(bobs.request, "team/update", { id: team, version: "1", name: "Mine", description: "" });
  expect(tried.status()).toBe(403);

  await open(page, "/activity");
  await page.getByRole("navigation", { name: "Whose activity" }).getByRole("link", { name: /^Crew/ }).click();
  await expect(page.getByRole("heading", { level: 2, name: /^Crew/ })).toBeVisible();
  await expect(page.getByRole("listitem").filter({ hasText: /Refused.*Bob/ })).toBeVisible();

  console.expectStatus(403, "/activity");
  expect((await open(bobs, `/activity?team=${team}`))?.status()).toBe(403);
  await open(bobs, "/activity");
  await expect(bobs.getByRole("listitem").filter({ hasText: "Refused" })).toHaveCount(2);
});

test("a long log comes in pages", async ({ page, person }) => {
  for (let n = 0; n < 51; n++) await call(page.request, "account/update", { name: `Ada ${n}` });
  await open(page, "/activity");
  await expect(page.getByText("You created your account.")).toHaveCount(0);
  await page.getByRole("link", { name: "Next page" }).click();
  await expect(page.getByText("You created your account.")).toBeVisible();
  await page.getByRole("link", { name: "First page" }).click();
  await expect(page).toHaveURL(/\/activity$/);
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("name and password are changed, and a refused password never comes back", async ({ page, person, console }) => {
    console.expectStatus(422, "/rpc/account/update");
    console.expectStatus(422, "/rpc/account/change_password");
    await page.goto("/settings");
    await page.getByLabel("Name").fill("x".repeat(101));
    await page.getByRole("button", { name: "Save name" }).click();
    await expect(page.locator("#name-error")).toBeVisible();
    await expect(page.getByLabel("Name")).toHaveValue("x".repeat(101));
    await page.getByLabel("Name").fill("Grace");
    await page.getByRole("button", { name: "Save name" }).click();
    await expect(page.getByText("Saved")).toHaveCount(1);
    await page.getByLabel("Current password").fill("Wrong-horse-1");
    await page.getByLabel("New password").fill("Better-horse-2");
    await page.getByRole("button", { name: "Change password" }).click();
    await expect(page.locator("#current_password-error")).toBeVisible();
    expect(await page.content()).not.toContain("-horse-");
    await page.getByLabel("Current password").fill(person.password);
    await page.getByLabel("New password").fill("Better-horse-2");
    await page.getByRole("button", { name: "Change password" }).click();
    await expect(page.getByText("Saved. Everywhere else you have been signed out.")).toBeVisible();
  });
});

test("an account is deleted after a question and the password", async ({ page, person, anotherBrowser, console }) => {
  console.expectStatus(422, "/rpc/account/delete");
  console.expectStatus(409, "/rpc/account/delete");
  const elsewhere = await anotherBrowser();
  await person.signIn(elsewhere);
  const bob = newcomer("Bob");
  await bob.signUp(await anotherBrowser());
  const team = await person.hasTeam(page, "Crew <b>");
  await person.adds(page, team, bob, "admin");
  await open(page, "/settings");
  const part = page.getByRole("region", { name: "Delete your account" });
  await part.getByRole("link", { name: "Delete your account…" }).click();
  const question = part.getByRole("group", { name: "Delete your account and all that is yours?" });
  await expect(question).toBeFocused();
  await question.getByRole("link", { name: "Cancel" }).click();
  await expect(question).toBeHidden();
  await part.getByRole("link", { name: "Delete your account…" }).click();

  const password = question.getByLabel("Your password, once more");
  const confirm = question.getByRole("button", { name: "Delete account" });
  await password.fill("Wrong-horse-1");
  await confirm.click();
  await expect(question.getByText("This is not your current password.")).toBeVisible();
  await expect(password).toBeFocused();
  await password.fill(person.password);
  await confirm.click();
  await expect(part.getByRole("alert")).toContainText("“Crew <b>");
  await call(page.request, "team/delete", { id: team });
  await confirm.dblclick();
  await expectPage(page, "Sign in to Taskwire");
  await expect(page.getByRole("status").filter({ hasText: "Your account was deleted." })).toBeVisible();
  expect((await call(elsewhere.request, "task/create", { title: "x" })).status()).toBe(401);
  await page.goto("/dashboard");
  await expectPage(page, "Sign in to Taskwire");
});

test("tasks are downloaded as a file", async ({ page, person }) => {
  await person.hasTask(page, "=1+1 <b>");
  await open(page, "/settings");
  for (const [name, format, text] of [
    ["Download as CSV", "csv", ",'=1+1 <b>,"],
    ["Download as JSON", "json", '"title":"=1+1 <b>"'],
  ]) {
    const started = page.waitForEvent("download");
    await page.getByRole("link", { name }).click();
    const file = await started;
    expect(file.suggestedFilename()).toMatch(new RegExp(`^taskwire-tasks-[0-9-]{10}\\.${format}$`));
    expect(await readFile(await file.path(), "utf8")).toContain(text);
  }
  await expect(page).toHaveURL(/\/settings$/);
});

test("everything about a person is downloaded", async ({ page, person }) => {
  await person.hasTask(page, "Mine <b>");
  await open(page, "/settings");
  const started = page.waitForEvent("download");
  await page.getByRole("link", { name: "Download everything" }).click();
  const file = await started;
  expect(file.suggestedFilename()).toMatch(/^taskwire-account-[0-9-]{10}\.json$/);
  const everything = JSON.parse(await readFile(await file.path(), "utf8"));
  expect(everything.account.email).toBe(person.email);
  expect(everything.tasks).toMatchObject([{ title: "Mine <b>" }]);
});

test("a file is imported whole once every line is right", async ({ page, person, console }) => {
  console.expectStatus(422, "/rpc/task/import");
  await person.hasTask(page, "Mine already");
  await open(page, "/settings");
  await page.getByRole("link", { name: "Import tasks" }).click();
  await expectPage(page, "Import tasks");
  const file = page.getByLabel("Choose a file");
  const text = page.getByLabel("Tasks", { exact: true });
  const send = page.getByRole("button", { name: "Import" });
  const chosen = (name: string, content: string | Buffer) =>
    file.setInputFiles({ name, mimeType: "text/plain", buffer: Buffer.from(content as string) });

  await chosen("latin.csv", Buffer.from([0x74, 0xe4]));
  await expect(page.getByText("This is not a text in UTF-8.")).toBeVisible();
  await expect(text).toHaveValue("");
  await chosen("tasks.csv", "title,status\nPlan <b>,\nGo,done\n");
  await expect(text).toHaveValue("title,status\nPlan <b>,\nGo,done\n");
  await expect(page.getByText("This is not a text in UTF-8.")).toHaveCount(0);
  await send.click();
  await expect(page.getByRole("alert").getByRole("listitem")).toHaveText([/^Line 3: The status is “pending” or “completed”/]);
  await expect(text).toHaveValue("title,status\nPlan <b>,\nGo,done\n");

  await text.fill("title,status\nPlan <b>,\nGo,completed\n");
  await send.dblclick();
  await expect(page.getByRole("status").filter({ hasText: "2 tasks were made." })).toBeVisible();
  await expect(text).toHaveValue("");
  await chosen("tasks.json", '[{ "title": "From JSON" }]');
  await send.click();
  await expect(page.getByText("One task was made.")).toBeVisible();
  await page.getByRole("link", { name: "To your tasks" }).click();
  await expect(titles(page)).toHaveText(["From JSON", "Go", "Plan <b>", "Mine already"]);
});
