// One task, shared with one person.
import { call, newcomer } from "../support/person";
import { open } from "../support/ready";
import { number, row } from "../support/screens";
import { expect, test } from "../support/test";

test("a task is shared, changed, revoked, and offered to somebody who has not signed up", async ({
  page,
  person,
  anotherBrowser,
  console,
}) => {
  console.expectStatus(409, "/rpc/share/give");
  const bobs = await anotherBrowser();
  const bob = newcomer("Bob");
  await bob.signUp(bobs);
  const task = await person.hasTask(page, "Plan the offsite", "Line one\nLine two");
  await open(page, `/tasks/${task.id}`);
  const panel = page.getByRole("region", { name: "Sharing" });
  await expect(panel.getByText("Shared with nobody yet.")).toBeVisible();

  await test.step("to view: shown, with nothing to change", async () => {
    await panel.getByLabel("Share with").fill(bob.email);
    await panel.getByRole("button", { name: "Share", exact: true }).click();
    await expect(panel.getByText("Shared.", { exact: true })).toBeVisible();
    await expect(panel.getByLabel("Share with")).toHaveValue("");
    await open(bobs, "/shared");
    await expect(row(bobs, "Plan the offsite")).toContainText(`Shared by ${person.name} · can view`);
    await bobs.getByRole("link", { name: "Open Plan the offsite" }).click();
    await expect(bobs.getByText("Shared with you to view.")).toBeVisible();
    for (const button of ["Save changes", "Complete", "Share"]) {
      await expect(bobs.getByRole("button", { name: button })).toHaveCount(0);
    }
  });

  await test.step("to edit: with the next request", async () => {
    await panel.getByLabel("Permission of Bob").selectOption("can edit");
    await panel.getByRole("button", { name: "Change share of Bob" }).click();
    await expect(panel.getByText("Changed.")).toBeVisible();
    await open(bobs, `/tasks/${task.id}`);
    await bobs.getByLabel("Title").fill("Plan the offsite, with Bob");
    await bobs.getByRole("button", { name: "Save changes" }).click();
    await expect(bobs.getByText("Saved")).toBeVisible();
    await expect(bobs.getByRole("link", { name: "Delete…" })).toHaveCount(0);
    await open(bobs, "/dashboard");
    await expect(number(bobs, "Shared with me")).toHaveText("1");
    const shares = bobs.getByRole("region", { name: "Shared with me" }).getByRole("definition");
    await expect(shares.filter({ visible: true })).toHaveText(["0", "1"]);
  });

  await test.step("to an address without an account, and never to oneself", async () => {
    await panel.getByLabel("Share with").fill("somebody@example.org");
    await panel.getByRole("button", { name: "Share", exact: true }).click();
    await expect(panel.getByText("Invited: has not signed up yet")).toBeVisible();
    await panel.getByLabel("Share with").fill(person.email);
    await panel.getByRole("button", { name: "Share", exact: true }).click();
    await expect(panel.getByText("This is your own address")).toBeVisible();
    await open(page, "/shared/by-me");
    await expect(page.getByText(`Bob · ${bob.email} can edit`)).toBeVisible();
    await expect(page.getByText("somebody@example.org invited, can view")).toBeVisible();
  });

  await test.step("no more", async () => {
    await page.getByRole("link", { name: "Plan the offsite, with Bob" }).click();
    await panel.getByRole("button", { name: "Withdraw invitation of somebody@example.org" }).click();
    await expect(panel.getByText("Invitation withdrawn.")).toBeVisible();
    await panel.getByRole("button", { name: "Revoke share of Bob" }).click();
    await expect(panel.getByText("Shared with nobody yet.")).toBeVisible();
    expect((await call(bobs.request, "task/complete", { id: String(task.id) })).status()).toBe(404);
    await open(bobs, "/shared");
    await expect(bobs.getByText("Nothing is shared with you")).toBeVisible();
  });
});

test("a share from before somebody joined the team is changed like any other; a refused choice is taken back", async ({
  page,
  person,
  anotherBrowser,
  console,
}) => {
  console.expectNoAnswer("/rpc/share/change");
  const bobs = await anotherBrowser();
  const bob = newcomer("Bob");
  await bob.signUp(bobs);
  const team = await person.hasTeam(page, "Crew");
  const task = await person.hasTeamTask(page, team, "Shared early");
  await person.shares(page, task, bob, "view");
  await person.adds(page, team, bob, "viewer");
  await open(page, `/tasks/${task.id}`);
  const panel = page.getByRole("region", { name: "Sharing" });
  const permission = panel.getByLabel("Permission of Bob");

  await page.route("**/rpc/share/change", (route) => route.abort("connectionrefused"), { times: 1 });
  await permission.selectOption("can edit");
  await panel.getByRole("button", { name: "Change share of Bob" }).click();
  await expect(panel.getByRole("alert")).toBeVisible();
  await expect(permission).toHaveValue("view");
  await permission.selectOption("can edit");
  await panel.getByRole("button", { name: "Change share of Bob" }).click();
  await expect(panel.getByText("Changed.")).toBeVisible();
  await expect(permission).toHaveValue("edit");
  await open(bobs, `/tasks/${task.id}`);
  await expect(bobs.getByRole("button", { name: "Save changes" })).toBeVisible();
});

test("two edit one task: the later sees both texts, also when it was deleted or is no longer theirs", async ({
  page,
  person,
  anotherBrowser,
  console,
}) => {
  for (const status of [412, 403, 404]) console.expectStatus(status, "/rpc/task/update");
  const bobs = await anotherBrowser();
  const bob = newcomer("Bob");
  await bob.signUp(bobs);
  const task = await person.hasTask(page, "Work together");
  await person.shares(page, task, bob, "edit");
  const save = bobs.getByRole("button", { name: "Save changes" });
  await open(bobs, `/tasks/${task.id}`);

  await bobs.getByLabel("Title").fill("Bob is slower");
  const faster = { id: String(task.id), version: "1", title: "Ada was faster", description: "" };
  expect((await call(page.request, "task/update", faster)).status()).toBe(200);
  await save.click();
  await expect(bobs.getByRole("blockquote")).toContainText("Ada was faster");
  await expect(bobs.getByLabel("Title")).toHaveValue("Bob is slower");
  await bobs.getByRole("button", { name: "Save my text anyway" }).click();
  await expect(bobs.getByText("Saved")).toBeVisible();

  await person.shares(page, task, bob, "view");
  await bobs.getByLabel("Description").fill("Precious\ntext");
  await save.click();
  await expect(bobs.getByText("You can no longer change this task. Your text is still in the form.")).toBeVisible();
  await expect(bobs.getByLabel("Description")).toHaveValue("Precious\ntext");

  await person.shares(page, task, bob, "edit");
  expect((await call(page.request, "task/delete", { id: String(task.id) })).status()).toBe(200);
  await save.click();
  await expect(bobs.getByText("This task was deleted in the meantime")).toBeVisible();
  await bobs.getByLabel("Title").fill("Rescued");
  await bobs.getByRole("button", { name: "Make a new task from this text" }).click();
  await expect(bobs).toHaveURL(/\/tasks$/);
  await expect(row(bobs, "Rescued")).toContainText("Precious");
});

test("what somebody shares can be given back", async ({ page, person, anotherBrowser }) => {
  const bobs = await anotherBrowser();
  const bob = newcomer("Bob");
  await bob.signUp(bobs);
  const task = await person.hasTask(page, "Not wanted");
  await person.shares(page, task, bob, "view");
  await open(bobs, `/tasks/${task.id}`);
  await bobs.getByRole("link", { name: "Remove from my list…" }).click();
  await expect(bobs.getByRole("group", { name: "Remove “Not wanted” from your list?" })).toBeFocused();
  await bobs.getByRole("button", { name: "Remove from my list" }).click();
  await expect(bobs).toHaveURL(/\/shared$/);
  await expect(bobs.getByText("Nothing is shared with you")).toBeVisible();
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("a task is shared, edited together and given back", async ({ page, person, anotherBrowser, console }) => {
    console.expectStatus(409, "/rpc/share/give");
    console.expectStatus(409, "/rpc/share/change");
    console.expectStatus(403, "/rpc/task/update");
    const bobs = await anotherBrowser({ javaScriptEnabled: false });
    const bob = newcomer("Bob");
    await bob.signUp(bobs);
    const task = await person.hasTask(page, "Plan the offsite");
    await page.goto(`/tasks/${task.id}`);
    const panel = page.getByRole("region", { name: "Sharing" });
    await panel.getByLabel("Share with").fill(bob.email);
    await panel.getByRole("button", { name: "Share", exact: true }).click();
    await expect(panel.getByText("Shared.", { exact: true })).toBeVisible();
    await panel.getByLabel("Share with").fill(person.email);
    await panel.getByRole("button", { name: "Share", exact: true }).click();
    await expect(panel.getByText("This is your own address")).toBeVisible();
    await expect(panel.getByText("Shared.", { exact: true })).toHaveCount(0);
    await expect(panel.getByLabel("Share with")).toHaveValue(person.email);
    await panel.getByLabel("Permission of Bob").selectOption("can edit");
    await panel.getByRole("button", { name: "Change share of Bob" }).click();
    await expect(panel.getByLabel("Permission of Bob")).toHaveValue("edit");
    await expect(panel.getByText("Changed.", { exact: true })).toBeVisible();

    const { email } = newcomer("Eve");
    await panel.getByLabel("Share with").fill(email);
    await panel.getByRole("button", { name: "Share", exact: true }).click();
    await expect(panel.getByText("Invited.")).toBeVisible();
    expect((await call(page.request, "share/uninvite", { task_id: String(task.id), email })).status()).toBe(200);
    await panel.getByRole("button", { name: `Change share of ${email}` }).click();
    await expect(panel.getByRole("alert")).toContainText(`This task is not shared with ${email}.`);
    await expect(panel.getByLabel("Share with")).toHaveValue("");
    await expect(panel.getByLabel("Permission of Bob")).toHaveValue("edit");

    await bobs.goto(`/tasks/${task.id}`);
    await bobs.getByLabel("Description").fill("Precious\ntext");
    await person.shares(page, task, bob, "view");
    await bobs.getByRole("button", { name: "Save changes" }).click();
    await expect(bobs.getByText("You can no longer change this task")).toBeVisible();
    await expect(bobs.getByLabel("Description")).toHaveValue("Precious\ntext");
    await bobs.getByRole("button", { name: "Make a new task from this text" }).click();
    await expect(bobs).toHaveURL(/\/tasks$/);
    await expect(row(bobs, "Plan the offsite").filter({ hasText: "Precious" })).toBeVisible();
    await bobs.goto(`/tasks/${task.id}?confirm=decline#decline`);
    await bobs.getByRole("button", { name: "Remove from my list" }).click();
    await expect(bobs).toHaveURL(/\/shared$/);
  });

  test("what one shares is looked over, withdrawn and revoked", async ({ page, person, anotherBrowser }) => {
    const bobs = await anotherBrowser();
    const bob = newcomer("Bob");
    await bob.signUp(bobs);
    const task = await person.hasTask(page, "Plan the offsite");
    await person.shares(page, task, bob, "view");
    await person.shares(page, task, newcomer("Eve"), "edit");
    await page.goto("/shared");
    await page.getByRole("link", { name: "By me" }).click();
    await expect(page.getByText(`Bob · ${bob.email} can view`)).toBeVisible();
    await expect(page.getByText("invited, can edit")).toBeVisible();
    await page.getByRole("link", { name: "Plan the offsite" }).click();
    await page.getByRole("button", { name: /^Withdraw invitation of/ }).click();
    await expect(page.getByText("Invitation withdrawn.")).toBeVisible();
    await page.getByRole("button", { name: "Revoke share of Bob" }).click();
    await expect(page.getByText("Shared with nobody yet.")).toBeVisible();
    await page.goto("/shared/by-me");
    await expect(page.getByText("Plan the offsite")).toHaveCount(0);
  });

  test("what is refused by then is told, and what was done is told once", async ({ page, person, anotherBrowser, console }) => {
    console.expectStatus(403, "/rpc/share/give");
    console.expectStatus(403, "/rpc/team/delete");
    const task = await person.hasTask(page, "Mine");
    await page.goto(`/tasks/${task.id}`);
    const panel = page.getByRole("region", { name: "Sharing" });
    await panel.getByLabel("Share with").fill("nobody-yet@example.org");
    await panel.getByRole("button", { name: "Share", exact: true }).click();
    await expect(panel.getByText("Invited.")).toBeVisible();
    await page.getByRole("button", { name: "Complete" }).click();
    await expect(page.getByRole("button", { name: "Reopen" })).toBeVisible();
    await expect(panel.getByText("Invited.")).toHaveCount(0);

    const bobs = await anotherBrowser({ javaScriptEnabled: false });
    const bob = newcomer("Bob");
    await bob.signUp(bobs);
    const team = await person.hasTeam(page, "Crew");
    await person.adds(page, team, bob, "admin");
    const ours = await person.hasTeamTask(page, team, "Ours");
    await bobs.goto(`/tasks/${ours.id}`);
    await bobs.getByLabel("Share with").fill("nobody-yet@example.org");
    const people = await page.request.get(`/rpc/team/get?id=${team}`, { headers: { accept: "application/json" } });
    const { user_id } = (await people.json()).members[1];
    const demote = { id: team, user_id, role: "viewer" };
    expect((await call(page.request, "team/change_member", demote)).status()).toBe(200);
    await bobs.getByRole("button", { name: "Share", exact: true }).click();
    await expect(bobs.getByRole("alert")).toContainText("You are not allowed to do this");

    await page.goto(`/teams/${team}/settings?confirm=delete#delete`);
    expect((await call(page.request, "team/transfer", { id: team, user_id })).status()).toBe(200);
    await page.getByRole("button", { name: "Delete team" }).click();
    await expect(page.getByRole("alert")).toContainText("You are not allowed to do this");
  });

  test("a text whose task was deleted meanwhile can be a task of its own", async ({ page, person, console }) => {
    console.expectStatus(404, "/rpc/task/update");
    const task = await person.hasTask(page, "Soon gone");
    await page.goto(`/tasks/${task.id}`);
    await page.getByLabel("Title").fill("Rescued");
    expect((await call(page.request, "task/delete", { id: String(task.id) })).status()).toBe(200);
    await page.getByRole("button", { name: "Save changes" }).click();
    await page.getByRole("button", { name: "Make a new task from this text" }).click();
    await expect(page).toHaveURL(/\/tasks$/);
    await expect(row(page, "Rescued")).toBeVisible();
  });
});
