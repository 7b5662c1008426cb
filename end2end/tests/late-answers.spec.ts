// What is in whose hands when an answer comes: focus, words and choices stay where a person left them.
import { held } from "../support/held";
import { type Person, call, newcomer } from "../support/person";
import { nextFrame, open, ready } from "../support/ready";
import { expect, test } from "../support/test";
import type { Page } from "@playwright/test";

/** The members' page of a team. */
class Members {
  readonly part = this.page.getByRole("region", { name: "Members" });
  readonly heading = this.part.getByRole("heading", { name: "Members" });
  readonly names = this.part.getByRole("listitem").getByRole("strong");
  readonly email = this.page.getByLabel("Email");
  readonly nextRole = this.page.getByLabel("Role", { exact: true });
  readonly invited = this.page.getByRole("region", { name: "Invited" });

  constructor(readonly page: Page) {}

  role(name: string) {
    return this.page.getByRole("combobox", { name: `Role of ${name}` });
  }

  change(name: string) {
    return this.page.getByRole("button", { name: `Change role of ${name}` });
  }

  async add(email: string) {
    await this.email.fill(email);
    await this.page.getByRole("button", { name: "Add to team" }).click();
  }

  async remove(name: string) {
    await this.page.getByRole("link", { name: `Remove ${name}` }).click();
    return this.page.getByRole("group", { name: new RegExp(`^Remove ${name} from the team`) });
  }
}

/** A team with members of these names; returns its id. */
async function crew(page: Page, person: Person, anotherBrowser: () => Promise<Page>, names: string[]) {
  const team = await person.hasTeam(page, "Crew");
  for (const name of names) {
    const member = newcomer(name);
    await member.signUp(await anotherBrowser());
    await person.adds(page, team, member, "member");
  }
  return team;
}

test("whoever has gone elsewhere keeps the focus", async ({ page, person, anotherBrowser }) => {
  const team = await crew(page, person, anotherBrowser, ["Bob", "Cleo", "Dan"]);
  await open(page, `/teams/${team}/members`);
  const members = new Members(page);
  await expect(members.names).toHaveText([person.name, "Bob", "Cleo", "Dan"]);

  await test.step("when a form is ready for its next entry", async () => {
    for (const [n, elsewhere] of [members.role("Bob"), members.nextRole].entries()) {
      const answer = await held(page, "**/rpc/team/add_member");
      await members.add(`invited-${n}@example.org`);
      await elsewhere.focus();
      answer();
      await expect(members.email).toHaveValue("");
      await nextFrame(page);
      await expect(elsewhere).toBeFocused();
    }
  });

  await test.step("when rows change places, their own or others", async () => {
    const answer = await held(page, "**/rpc/team/change_member");
    await members.role("Dan").selectOption("admin");
    await members.change("Dan").click();
    await members.role("Cleo").focus();
    answer();
    await expect(members.names).toHaveText([person.name, "Dan", "Bob", "Cleo"]);
    await nextFrame(page);
    await expect(members.role("Cleo")).toBeFocused();
    await members.role("Cleo").selectOption("admin");
    await members.change("Cleo").click();
    await expect(members.names).toHaveText([person.name, "Cleo", "Dan", "Bob"]);
    await expect(members.change("Cleo")).toBeFocused();
  });

  await test.step("but not with a row that goes", async () => {
    await page.getByRole("button", { name: "Take back the invitation of invited-0@example.org" }).click();
    await expect(members.invited).not.toContainText("invited-0@example.org");
    await expect(members.heading).toBeFocused();
  });

  await test.step("in a question about somebody else", async () => {
    const answer = await held(page, "**/rpc/team/remove_member");
    await members.remove("Dan");
    await page.getByRole("button", { name: "Remove from team" }).click();
    const question = await members.remove("Bob");
    await expect(question).toBeFocused();
    answer();
    await expect(members.names).toHaveText([person.name, "Cleo", "Bob"]);
    await nextFrame(page);
    await expect(question).toBeFocused();
    await page.getByRole("button", { name: "Remove from team" }).click();
    await expect(members.names).toHaveText([person.name, "Cleo"]);
    await expect(page).toHaveURL(/\/members$/);
    await expect(members.heading).toBeFocused();
  });
});

test("the next entry of a form begins with any of its fields", async ({ page, person }) => {
  const team = await person.hasTeam(page, "Crew");
  await open(page, `/teams/${team}/members`);
  const members = new Members(page);
  const add = await held(page, "**/rpc/team/add_member");
  await members.add("first@example.org");
  await members.email.fill("second@example.org");
  add();
  await expect(members.invited).toContainText("first@example.org");
  await expect(members.email).toHaveValue("second@example.org");
  const again = await held(page, "**/rpc/team/add_member");
  await page.getByRole("button", { name: "Add to team" }).click();
  await members.nextRole.selectOption("viewer");
  again();
  await expect(members.invited).toContainText("second@example.org");
  await expect(members.nextRole).toHaveValue("viewer");
  await members.add("third@example.org");
  await expect(members.invited).toContainText("third@example.org");
  await expect(members.email).toHaveValue("");
  await expect(members.nextRole).toHaveValue("member");
  await expect(members.email).toBeFocused();
});

test("the next share begins with its permission, too", async ({ page, person }) => {
  const task = await person.hasTask(page, "For many");
  await open(page, `/tasks/${task.id}`);
  const panel = page.getByRole("region", { name: "Sharing" });
  const permission = panel.getByLabel("Permission", { exact: true });
  const answer = await held(page, "**/rpc/share/give");
  await panel.getByLabel("Share with").fill("first@example.org");
  await panel.getByRole("button", { name: "Share", exact: true }).click();
  await permission.selectOption("can edit");
  answer();
  await expect(panel.getByLabel("Permission of first@example.org")).toHaveValue("view");
  await expect(permission).toHaveValue("edit");
  await panel.getByLabel("Share with").fill("second@example.org");
  await panel.getByRole("button", { name: "Share", exact: true }).click();
  await expect(panel.getByLabel("Permission of second@example.org")).toHaveValue("edit");
  await expect(permission).toHaveValue("view");
});

test("what is chosen stays until it is sent", async ({ page, person, anotherBrowser }) => {
  const team = await crew(page, person, anotherBrowser, ["Bob", "Cleo"]);
  const people = await (await page.request.get(`/rpc/team/get?id=${team}`, { headers: { accept: "application/json" } })).json();
  const bob = people.members.find((member: { name: string }) => member.name === "Bob").user_id;
  const members = new Members(page);

  await test.step("also before the page is taken over, when somebody else stores something else", async () => {
    const program = await held(page, "**/*.wasm");
    await page.goto(`/teams/${team}/members`, { waitUntil: "commit" });
    await members.role("Bob").selectOption("viewer");
    program();
    await ready(page);
    expect((await call(page.request, "team/change_member", { id: team, user_id: bob, role: "admin" })).status()).toBe(200);
    await members.add("nobody-yet@example.org");
    await expect(members.names).toHaveText([person.name, "Bob", "Cleo"]);
    await expect(members.invited).toContainText("nobody-yet@example.org");
    await nextFrame(page);
    await expect(members.role("Bob")).toHaveValue("viewer");
    await members.change("Bob").click();
    await expect(members.names).toHaveText([person.name, "Cleo", "Bob"]);
  });

  await test.step("while an answer is awaited, in this row and in others", async () => {
    const answer = await held(page, "**/rpc/team/change_member");
    await members.role("Bob").selectOption("admin");
    await members.change("Bob").click();
    await members.role("Bob").selectOption("member");
    await members.role("Cleo").selectOption("viewer");
    answer();
    await expect(members.names).toHaveText([person.name, "Bob", "Cleo"]);
    await nextFrame(page);
    await expect(members.role("Bob")).toHaveValue("member");
    await expect(members.role("Cleo")).toHaveValue("viewer");
  });

  await test.step("and is sent when the answer is there, if that was asked for", async () => {
    const answer = await held(page, "**/rpc/team/change_member");
    await members.change("Cleo").click();
    await members.role("Cleo").selectOption("admin");
    await members.change("Cleo").click();
    const sent = page.waitForResponse((response) => response.request().postData()?.includes("role=admin") ?? false);
    answer();
    await sent;
    await expect(members.change("Cleo")).toBeFocused();
    await page.reload();
    await ready(page);
    await expect(members.role("Cleo")).toHaveValue("admin");
    await expect(members.role("Bob")).toHaveValue("admin");
  });

  await test.step("also until what was stored is read", async () => {
    const reading = await held(page, "**/rpc/team/get*");
    await members.role("Cleo").selectOption("viewer");
    await members.change("Cleo").click();
    await expect(page.getByText("The role is changed.")).toBeVisible();
    await members.role("Cleo").selectOption("admin");
    const read = page.waitForResponse("**/rpc/team/get*");
    reading();
    await (await read).finished();
    await nextFrame(page);
    await expect(members.role("Cleo")).toHaveValue("admin");
  });
});

test("of two rows changed at once each says what became of its own", async ({ page, person, anotherBrowser, console }) => {
  console.expectNoAnswer("/rpc/team/change_member");
  const team = await crew(page, person, anotherBrowser, ["Bob", "Cleo"]);
  await open(page, `/teams/${team}/members`);
  const members = new Members(page);
  const alert = members.part.getByRole("alert");
  // Bob's waits, Cleo's is refused.
  await page.route("**/rpc/team/change_member", (route) => route.abort("connectionrefused"), { times: 1 });
  const answer = await held(page, "**/rpc/team/change_member", { times: 1 });
  await members.role("Bob").selectOption("viewer");
  await members.change("Bob").click();
  await members.role("Cleo").selectOption("admin");
  await members.change("Cleo").click();
  await expect(alert).toBeVisible();
  await expect(members.role("Cleo")).toHaveValue("member");
  await expect(members.role("Bob")).toHaveValue("viewer");
  answer();
  await expect(members.names).toHaveText([person.name, "Cleo", "Bob"]);
  await expect(page.getByText("The role is changed.")).toBeVisible();
  await expect(members.role("Bob")).toHaveValue("viewer");
  await expect(alert).toBeVisible();

  await members.role("Cleo").selectOption("admin");
  await members.change("Cleo").click();
  await expect(alert).toHaveCount(0);
  await expect(members.role("Cleo")).toHaveValue("admin");
  await expect(members.change("Cleo")).toBeFocused();
});

test("a change of a share that has gone gives it to nobody again, and says so", async ({
  page,
  person,
  anotherBrowser,
  console,
}) => {
  console.expectStatus(409, "/rpc/share/change");
  const bob = newcomer("Bob");
  await bob.signUp(await anotherBrowser());
  const task = await person.hasTask(page, "On and off");
  await person.shares(page, task, bob, "view");
  await open(page, `/tasks/${task.id}`);
  const panel = page.getByRole("region", { name: "Sharing" });
  const answer = await held(page, "**/rpc/share/change");
  await panel.getByLabel("Permission of Bob").selectOption("can edit");
  await panel.getByRole("button", { name: "Change share of Bob" }).click();
  await panel.getByRole("button", { name: "Revoke share of Bob" }).click();
  await expect(panel.getByText("Shared with nobody yet.")).toBeVisible();
  answer();
  await expect(panel.getByRole("alert")).toContainText(`This task is not shared with ${bob.email}.`);
  await expect(panel.getByText("Shared with nobody yet.")).toBeVisible();
});

test("a page that somebody has left leads nowhere any more", async ({ page, person }) => {
  const team = await person.hasTeam(page, "Crew");
  await person.hasTeamTask(page, team, "Goodbye");
  await open(page, `/teams/${team}`);
  await page.getByRole("link", { name: "Delete Goodbye" }).click();
  const answer = await held(page, "**/rpc/task/delete");
  await page.getByRole("button", { name: "Delete task" }).click();
  await page.getByRole("link", { name: "Dashboard" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Dashboard" })).toBeVisible();
  const deleted = page.waitForResponse("**/rpc/task/delete");
  answer();
  await (await deleted).finished();
  await nextFrame(page);
  await expect(page).toHaveURL(/\/dashboard$/);
});

test("a second click is no second request, also when another row is answered in between", async ({
  page,
  person,
  anotherBrowser,
}) => {
  for (let n = 0; n < 2; n++) await person.signIn(await anotherBrowser());
  await open(page, "/settings");
  const sessions = page.getByRole("region", { name: "Where you are signed in" });
  const end = sessions.getByRole("button", { name: /^End session/ });
  let requests = 0;
  page.on("request", (request) => (requests += Number(request.url().endsWith("/rpc/session/end"))));
  const answer = await held(page, "**/rpc/session/end", { times: 1 });
  await end.first().click();
  await end.last().click();
  await expect(end).toHaveCount(1);
  await end.click();
  await nextFrame(page);
  answer();
  await expect(end).toHaveCount(0);
  expect(requests).toBe(2);
  await expect(sessions.getByRole("heading")).toBeFocused();
});

test("what was refused is asked for again while another answer is awaited", async ({ page, person, anotherBrowser, console }) => {
  console.expectNoAnswer("/rpc/session/end");
  for (let n = 0; n < 2; n++) await person.signIn(await anotherBrowser());
  await open(page, "/settings");
  const sessions = page.getByRole("region", { name: "Where you are signed in" });
  const end = sessions.getByRole("button", { name: /^End session/ });
  await page.route("**/rpc/session/end", (route) => route.abort("connectionrefused"), { times: 1 });
  const answer = await held(page, "**/rpc/session/end", { times: 1 });
  await end.first().click();
  await end.last().click();
  await expect(sessions.getByRole("alert")).toBeVisible();
  await end.last().click();
  await expect(end).toHaveCount(1);
  await expect(sessions.getByRole("alert")).toHaveCount(0);
  answer();
  await expect(end).toHaveCount(0);
});

test("a question asked again while its answer is awaited sends nothing twice", async ({ page, person, anotherBrowser }) => {
  const bob = newcomer("Bob");
  const bobs = await anotherBrowser();
  await bob.signUp(bobs);
  const task = await person.hasTask(page, "Once only");
  await person.shares(page, task, bob, "view");

  const asked = async (page: Page, path: string, link: string, button: string) => {
    let requests = 0;
    page.on("request", (request) => (requests += Number(request.url().endsWith(path))));
    const answer = await held(page, `**${path}`);
    for (let n = 0; n < 2; n++) {
      await page.getByRole("link", { name: link }).click();
      await page.getByRole("button", { name: button }).click();
      await page.getByRole("link", { name: "Keep it" }).click();
      await expect(page.getByRole("button", { name: button })).toHaveCount(0);
    }
    const done = page.waitForResponse(`**${path}`);
    answer();
    expect((await done).ok()).toBe(true);
    return () => requests;
  };

  await test.step("about a share", async () => {
    await open(bobs, `/tasks/${task.id}`);
    const requests = await asked(bobs, "/rpc/share/decline", "Remove from my list…", "Remove from my list");
    await expect(bobs).toHaveURL(/\/shared$/);
    expect(requests()).toBe(1);
  });

  await test.step("about a task in a list", async () => {
    await open(page, "/tasks");
    const requests = await asked(page, "/rpc/task/delete", "Delete Once only", "Delete task");
    await expect(page.getByText("Deleted “Once only”.")).toBeVisible();
    expect(requests()).toBe(1);
    await expect(page.getByRole("alert")).toHaveCount(0);
  });
});

test("a question about another task stays asked when a deletion is answered", async ({ page, person }) => {
  for (const title of ["Gone", "Kept"]) await person.hasTask(page, title);
  await open(page, "/tasks");
  const answer = await held(page, "**/rpc/task/delete", { times: 1 });
  await page.getByRole("link", { name: "Delete Gone" }).click();
  await page.getByRole("button", { name: "Delete task" }).click();
  await page.getByRole("link", { name: "Delete Kept" }).click();
  const question = page.getByRole("group", { name: /^Delete “Kept”\?/ });
  await expect(question).toBeFocused();
  answer();
  await expect(page.getByText("Deleted “Gone”.")).toBeVisible();
  await expect(page.getByRole("link", { name: "Gone", exact: true })).toHaveCount(0);
  await expect(question).toBeFocused();

  const back = await held(page, "**/rpc/task/restore", { times: 1 });
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByRole("link", { name: "Keep it" }).click();
  await page.getByLabel("New task").fill("Half");
  back();
  await expect(page.getByRole("link", { name: "Gone", exact: true })).toBeVisible();
  await expect(page.getByLabel("New task")).toBeFocused();
  await expect(page.getByRole("button", { name: "Undo" })).toHaveCount(0);
});

test("what was done is not said of the next request before its answer", async ({ page, person }) => {
  const task = await person.hasTask(page, "Shared");
  for (const name of ["Bob", "Cleo"]) await person.shares(page, task, newcomer(name), "view");
  await open(page, `/tasks/${task.id}`);
  const panel = page.getByRole("region", { name: "Sharing" });
  const withdraw = panel.getByRole("button", { name: /^Withdraw invitation of/ });
  const said = panel.getByText("Invitation withdrawn.");
  await withdraw.first().click();
  await expect(said).toBeVisible();
  await expect(withdraw).toHaveCount(1);
  const answer = await held(page, "**/rpc/share/uninvite");
  await withdraw.click();
  await expect(said).toHaveCount(0);
  answer();
  await expect(said).toBeVisible();
  await expect(withdraw).toHaveCount(0);
});

test("tasks completed at once all say so, in whatever order the answers come", async ({ page, person }) => {
  const titles = ["One", "Two", "Three"];
  for (const title of titles) await person.hasTask(page, title);
  await open(page, "/tasks");
  let requests = 0;
  page.on("request", (request) => (requests += Number(request.url().endsWith("/rpc/task/complete"))));
  const answer = await held(page, "**/rpc/task/complete", { times: 1 });
  for (const title of titles) await page.getByRole("button", { name: `Complete ${title}` }).click();
  await page.getByRole("button", { name: "Complete One" }).click();
  for (const title of ["Two", "Three"]) {
    await expect(page.getByRole("button", { name: `Reopen ${title}` })).toBeVisible();
  }
  answer();
  await expect(page.getByRole("button", { name: "Reopen One" })).toBeVisible();
  expect(requests).toBe(3);
});
