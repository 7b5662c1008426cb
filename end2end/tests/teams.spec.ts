// Teams: made, filled, changed, handed over and left.
import { call, newcomer } from "../support/person";
import { open } from "../support/ready";
import { add, expectPage, number, row, titles } from "../support/screens";
import { expect, test } from "../support/test";
import type { Page } from "@playwright/test";

const partOf = (page: Page, name: string) => page.getByRole("navigation", { name: "Team" }).getByRole("link", { name });

test("a team is made, filled with people and tasks, handed over and left", async ({ page, person, anotherBrowser, console }) => {
  console.expectStatus(409, "/rpc/team/add_member");
  const bobs = await anotherBrowser();
  const bob = newcomer("Bob");
  await bob.signUp(bobs);
  const name = `Crew of ${person.email}`;

  await test.step("a newcomer is told what to do, and makes a team", async () => {
    await open(page, "/teams");
    await expect(page.getByText("You are not in a team yet")).toBeVisible();
    await page.getByLabel("Name").fill(name);
    await page.getByRole("button", { name: "Create team" }).click();
    await expect(page).toHaveURL(/\/teams\/[0-9a-f-]{36}$/);
    await expectPage(page, name);
    await expect(page.getByText("This team has no tasks yet")).toBeVisible();
  });

  await test.step("tasks are added, deleted and brought back without leaving the team", async () => {
    await add(page, "First of the team");
    await expect(row(page, "First of the team")).toBeVisible();
    await page.getByRole("link", { name: "Delete First of the team" }).click();
    await page.getByRole("button", { name: "Delete task" }).click();
    await expect(page).toHaveURL(/\/teams\/[0-9a-f-]{36}\?deleted=/);
    await page.getByRole("button", { name: "Undo" }).click();
    await expect(row(page, "First of the team")).toBeVisible();
  });

  await test.step("somebody with an account is in at once, somebody without is invited, nobody twice", async () => {
    await partOf(page, "Members").click();
    await page.getByLabel("Email").fill(bob.email);
    await page.getByRole("button", { name: "Add to team" }).click();
    await expect(page.getByRole("region", { name: "Members" })).toContainText(bob.email);
    await page.getByLabel("Email").fill("nobody-yet@example.org");
    await page.getByLabel("Role", { exact: true }).selectOption("viewer");
    await page.getByRole("button", { name: "Add to team" }).click();
    await expect(page.getByRole("region", { name: "Invited" })).toContainText("nobody-yet@example.org");
    await page.getByLabel("Email").fill(bob.email);
    await page.getByRole("button", { name: "Add to team" }).click();
    await expect(page.getByText("is in this team already, as member.")).toBeVisible();
    await page.getByRole("button", { name: "Take back the invitation of nobody-yet@example.org" }).click();
    await expect(page.getByText("nobody-yet@example.org")).toHaveCount(0);
  });

  await test.step("a member sees the team everywhere, and adds to it", async () => {
    await open(bobs, "/dashboard");
    await bobs.getByRole("region", { name: "Teams" }).getByRole("link", { name }).click();
    await expectPage(bobs, name);
    await add(bobs, "From Bob");
    await expect(row(bobs, "From Bob")).toBeVisible();
    await expect(bobs.getByRole("link", { name: "Open First of the team" })).toBeVisible();
    await expect(bobs.getByRole("link", { name: "Delete First of the team" })).toHaveCount(0);
    await open(page, "/tasks");
    await expect(row(page, "From Bob")).toContainText("by Bob");
  });

  await test.step("the team is handed over, and left", async () => {
    await open(bobs, "/teams");
    await open(page, "/teams");
    await page.getByRole("link", { name }).click();
    await partOf(page, "Settings").click();
    await expect(page.getByRole("link", { name: /^Leave/ })).toHaveCount(0);
    await partOf(page, "Members").click();
    await page.getByRole("link", { name: "Make Bob the owner" }).click();
    await expect(page.getByRole("group", { name: /^Make Bob the owner\?/ })).toBeFocused();
    await page.getByRole("button", { name: "Make owner" }).click();
    await expect(page.getByRole("link", { name: "Make Bob the owner" })).toHaveCount(0);
    await partOf(page, "Settings").click();
    await page.getByRole("link", { name: /^Leave/ }).click();
    await page.getByRole("button", { name: "Leave team" }).click();
    await expect(page).toHaveURL(/\/teams$/);
    await expect(page.getByText("You are not in a team yet")).toBeVisible();
  });

  await test.step("whose tasks the new owner has, and the one who left has not", async () => {
    await open(page, "/tasks");
    await expect(page.getByText("No tasks yet")).toBeVisible();
    await open(page, "/dashboard");
    await expect(number(page, "Total")).toHaveText("0");
    await open(bobs, "/tasks?of=own");
    await expect(titles(bobs)).toHaveCount(2);
  });
});

test("a viewer is offered nothing to change, is refused beneath, and gains rights with the next request", async ({
  page,
  person,
  anotherBrowser,
}) => {
  const bobs = await anotherBrowser();
  const bob = newcomer("Bob");
  await bob.signUp(bobs);
  const team = await person.hasTeam(page, "Crew", "What we are for.");
  const task = await person.hasTeamTask(page, team, "To be seen");
  await person.adds(page, team, bob, "viewer");

  await open(bobs, `/teams/${team}`);
  await expect(bobs.getByText("What we are for.")).toBeVisible();
  await expect(bobs.getByLabel("New task")).toHaveCount(0);
  await expect(bobs.getByRole("link", { name: "Open To be seen" })).toBeVisible();
  await expect(bobs.getByRole("button", { name: "Complete To be seen" })).toHaveCount(0);
  await partOf(bobs, "Members").click();
  await expect(bobs.getByRole("region", { name: "Members" })).toContainText(person.email);
  await expect(bobs.getByRole("button", { name: "Add to team" })).toHaveCount(0);
  await partOf(bobs, "Settings").click();
  await expect(bobs.getByRole("link", { name: /^Leave/ })).toBeVisible();
  await expect(bobs.getByRole("button", { name: "Save changes" })).toHaveCount(0);
  await expect(bobs.getByRole("link", { name: /^Delete/ })).toHaveCount(0);
  for (const [path, form] of [
    ["task/complete", { id: String(task.id) }],
    ["task/create", { title: "Mine", team_id: team }],
    ["team/delete", { id: team }],
    ["team/add_member", { id: team, email: "eve@example.org", role: "viewer" }],
  ] as const) {
    expect((await call(bobs.request, path, form)).status(), path).toBe(403);
  }

  const people = await page.request.get(`/rpc/team/get?id=${team}`, { headers: { accept: "application/json" } });
  const { user_id } = (await people.json()).members[1];
  expect((await call(page.request, "team/change_member", { id: team, user_id, role: "admin" })).status()).toBe(200);
  await open(bobs, `/teams/${team}`);
  await bobs.getByRole("button", { name: "Complete To be seen" }).click();
  await expect(bobs.getByRole("button", { name: "Reopen To be seen" })).toBeVisible();
});

test("a team of others is not there, on any of its pages", async ({ page, person, anotherBrowser, console }) => {
  console.tolerateRefusals();
  const eves = await anotherBrowser();
  await newcomer("Eve").signUp(eves);
  const team = await person.hasTeam(page, "Secret crew");
  for (const path of [`/teams/${team}`, `/teams/${team}/members`, `/teams/${team}/settings`, `/activity?team=${team}`]) {
    const answer = await open(eves, path);
    expect(answer?.status(), path).toBe(404);
    expect(await eves.content()).not.toContain("Secret crew");
  }
});

test("whoever was invited is in the team as soon as they sign up", async ({ page, person, anotherBrowser }) => {
  const team = await person.hasTeam(page, "Crew");
  const bob = newcomer("Bob");
  await person.adds(page, team, bob, "member");
  const bobs = await anotherBrowser();
  await open(bobs, "/sign-up");
  await bobs.getByLabel("Name").fill(bob.name);
  await bobs.getByLabel("Email").fill(bob.email.toUpperCase());
  await bobs.getByLabel("Password").fill(bob.password);
  await bobs.getByRole("button", { name: "Create account" }).click();
  await expect(bobs.getByRole("region", { name: "Teams" }).getByRole("link", { name: /^Crew/ })).toBeVisible();
});

test("a deleted team leaves its tasks to the people whose they are", async ({ page, person, anotherBrowser, console }) => {
  console.tolerateRefusals();
  const bobs = await anotherBrowser();
  const bob = newcomer("Bob");
  await bob.signUp(bobs);
  const team = await person.hasTeam(page, "Crew");
  await person.adds(page, team, bob, "member");
  await person.hasTeamTask(page, team, "Hers");
  await bob.hasTeamTask(bobs, team, "His");
  await open(page, `/teams/${team}/settings`);
  await page.getByRole("link", { name: "Delete this team…" }).click();
  const question = page.getByRole("group", { name: /^Delete this team for everybody\?/ });
  await expect(question).toBeFocused();
  await question.getByRole("link", { name: "Cancel" }).click();
  await expect(question).toHaveCount(0);
  await page.getByRole("link", { name: "Delete this team…" }).click();
  await page.getByRole("button", { name: "Delete team" }).click();
  await expect(page).toHaveURL(/\/teams$/);
  await expect(page.getByText("You are not in a team yet")).toBeVisible();
  expect((await open(bobs, `/teams/${team}`))?.status()).toBe(404);
  for (const [browser, title] of [[page, "Hers"], [bobs, "His"]] as const) {
    await open(browser, "/tasks?of=own");
    await expect(titles(browser)).toHaveText([title]);
    await expect(row(browser, title)).not.toContainText("Crew");
  }
});

test("the later of two who rename a team sees both texts and chooses", async ({ page, person, console }) => {
  console.expectStatus(412, "/rpc/team/update");
  const team = await person.hasTeam(page, "Crew");
  await open(page, `/teams/${team}/settings`);
  const name = page.getByRole("textbox", { name: "Name" });
  await name.fill(`Mine ${team}`);
  const rival = { id: team, version: "1", name: `Theirs ${team}`, description: "" };
  expect((await call(page.request, "team/update", rival)).status()).toBe(200);
  await page.getByRole("button", { name: "Save changes" }).click();
  await expect(page.getByRole("blockquote")).toContainText(`Theirs ${team}`);
  await expect(name).toHaveValue(`Mine ${team}`);
  await page.getByRole("button", { name: "Save my text anyway" }).click();
  await expectPage(page, `Mine ${team}`);
  await expect(page.getByRole("blockquote")).toHaveCount(0);
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("a team is made, filled, changed, handed over and left", async ({ page, person, anotherBrowser, console }) => {
    console.expectStatus(422, "/rpc/team/create");
    console.expectStatus(409, "/rpc/team/add_member");
    const bobs = await anotherBrowser();
    const bob = newcomer("Bob");
    await bob.signUp(bobs);
    await page.goto("/teams");
    await page.getByLabel("Name").fill("x".repeat(101));
    await page.getByLabel("What it is for").fill("kept </textarea>");
    await page.getByRole("button", { name: "Create team" }).click();
    await expect(page.getByText("must have at most 100 characters")).toBeVisible();
    await expect(page.getByLabel("What it is for")).toHaveValue("kept </textarea>");
    await page.getByLabel("Name").fill(`Crew of ${person.email}`);
    await page.getByRole("button", { name: "Create team" }).click();
    await expect(page).toHaveURL(/\/teams\/[0-9a-f-]{36}$/);

    await add(page, "One");
    await page.getByLabel("Sort by").selectOption("Title");
    await page.getByRole("button", { name: "Search" }).click();
    await page.getByRole("link", { name: "Delete One" }).click();
    await page.getByRole("button", { name: "Delete task" }).click();
    await expect(page).toHaveURL(/\/teams\/[0-9a-f-]{36}\?.*sort=title.*deleted=/);
    await page.getByRole("button", { name: "Undo" }).click();
    await expect(page).toHaveURL(/\/teams\/[0-9a-f-]{36}\?.*sort=title$/);
    await expect(row(page, "One")).toBeVisible();

    await partOf(page, "Members").click();
    await page.getByLabel("Email").fill(bob.email);
    await page.getByRole("button", { name: "Add to team" }).click();
    await expect(page.getByText("Added.", { exact: true })).toBeVisible();
    await page.getByLabel("Email").fill(person.email);
    await page.getByLabel("Role", { exact: true }).selectOption("viewer");
    await page.getByRole("button", { name: "Add to team" }).click();
    await expect(page.getByText("You are in this team already, as owner.")).toBeVisible();
    await expect(page.getByText("Added.", { exact: true })).toHaveCount(0);
    await expect(page.getByLabel("Email")).toHaveValue(person.email);
    await expect(page.getByLabel("Role", { exact: true })).toHaveValue("viewer");
    await page.getByRole("combobox", { name: "Role of Bob" }).selectOption("admin");
    await page.getByRole("button", { name: "Change role of Bob" }).click();
    await expect(page.getByText("The role is changed.")).toBeVisible();
    await expect(page.getByRole("combobox", { name: "Role of Bob" })).toHaveValue("admin");
    await page.getByLabel("Email").fill("nobody-yet@example.org");
    await page.getByRole("button", { name: "Add to team" }).click();
    await page.getByRole("button", { name: "Take back the invitation of nobody-yet@example.org" }).click();
    await expect(page.getByText("The invitation is taken back.")).toBeVisible();
    await expect(page.getByText("nobody-yet@example.org")).toHaveCount(0);
    await page.getByRole("link", { name: "Make Bob the owner" }).click();
    await page.getByRole("button", { name: "Make owner" }).click();
    await expect(page.getByText("The team has another owner.")).toBeVisible();
    await expect(page.getByRole("combobox", { name: "Role of Bob" })).toHaveCount(0);

    await partOf(page, "Settings").click();
    await page.getByRole("textbox", { name: "Name" }).fill(`Crew two of ${person.email}`);
    await page.getByRole("button", { name: "Save changes" }).click();
    await expect(page.getByText("Saved")).toBeVisible();
    await page.getByRole("link", { name: /^Leave/ }).click();
    await page.getByRole("button", { name: "Leave team" }).click();
    await expect(page).toHaveURL(/\/teams$/);
  });

  test("a member is removed, the log tells of it, and the team is deleted", async ({ page, person, anotherBrowser }) => {
    const bobs = await anotherBrowser();
    const bob = newcomer("Bob");
    await bob.signUp(bobs);
    const team = await person.hasTeam(page, "Crew");
    await person.adds(page, team, bob, "member");
    await bob.hasTeamTask(bobs, team, "From Bob");
    await page.goto(`/teams/${team}/members`);
    await page.getByRole("link", { name: "Remove Bob" }).click();
    await page.getByRole("button", { name: "Remove from team" }).click();
    await expect(page.getByText("Removed. Their tasks here belong to the owner now.")).toBeVisible();
    await expect(page.getByRole("region", { name: "Members" })).not.toContainText(bob.email);
    await page.goto(`/activity?team=${team}`);
    await expect(page.getByRole("listitem").filter({ hasText: bob.email })).toContainText([/removed/, /added/]);
    await page.goto(`/teams/${team}/settings`);
    await page.getByRole("link", { name: "Delete this team…" }).click();
    await page.getByRole("button", { name: "Delete team" }).click();
    await expect(page).toHaveURL(/\/teams$/);
    await page.goto("/tasks?of=own");
    await expect(titles(page)).toHaveText(["From Bob"]);
  });
});
