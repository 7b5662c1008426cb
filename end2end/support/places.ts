// Every page in every state worth looking at, for checks that all of them must pass.
import { type Page, expect } from "@playwright/test";
import { Agent } from "./agent";
import { type Person, administrator, call, newcomer } from "./person";
import { open } from "./ready";

/** A word nobody can break, text from right to left, markup, and as much of everything as fits. */
const AWKWARD = [
  "Averyveryverylongwordwithoutanybreakwhatsoever".repeat(4),
  "Call the printer about the invoice that was sent twice and never paid, although everybody swears that it was",
  "اكتب الملاحظات قبل يوم الاثنين",
  "<b>Bold</b> & “quoted”",
];

export type Place = {
  name: string;
  /** Signed in unless it says otherwise. */
  isOutside?: boolean;
  open: (page: Page, person: Person) => Promise<void>;
};

async function fill(page: Page, person: Person) {
  for (const title of AWKWARD) await person.hasTask(page, title, `About: ${title}\nAnd more.`);
  await person.hasCompleted(page, "Renew the certificate");
}

/** A team and a shared task, with names and texts that are hard to lay out. */
async function crowd(page: Page, person: Person) {
  const other = newcomer(AWKWARD[0].slice(0, 90));
  await other.signUp(page);
  await person.signIn(page);
  const team = await person.hasTeam(page, AWKWARD[0].slice(0, 85), AWKWARD.join("\n"));
  await person.adds(page, team, other, "viewer");
  await person.adds(page, team, newcomer(), "admin");
  for (const title of AWKWARD) await person.hasTeamTask(page, team, title);
  const task = await person.hasTask(page, AWKWARD[0], AWKWARD[0]);
  await person.shares(page, task, other, "view");
  await person.shares(page, task, newcomer(), "edit");
  return { other, team, task };
}

export const PLACES: Place[] = [
  { name: "sign-in", isOutside: true, open: async (page) => void (await open(page, "/sign-in?next=/tasks")) },
  {
    name: "a refused sign-in",
    isOutside: true,
    open: async (page) => {
      await open(page, "/sign-in");
      await page.getByLabel("Email").fill("nobody@example.org");
      await page.getByLabel("Password").fill("Wrong-horse-1");
      await page.getByRole("button", { name: "Sign in" }).click();
      await expect(page.getByRole("alert")).toBeVisible();
    },
  },
  { name: "sign-up", isOutside: true, open: async (page) => void (await open(page, "/sign-up")) },
  {
    name: "a refused sign-up",
    isOutside: true,
    open: async (page) => {
      await open(page, "/sign-up");
      await page.getByLabel("Name").fill("Ada");
      await page.getByLabel("Email").fill("ada@example.org");
      await page.getByLabel("Password").fill("weak");
      await page.getByRole("button", { name: "Create account" }).click();
      await expect(page.locator("#password-error")).toBeVisible();
    },
  },
  { name: "the empty dashboard", open: async (page) => void (await open(page, "/dashboard")) },
  {
    name: "the full dashboard",
    open: async (page, person) => {
      await fill(page, person);
      await open(page, "/dashboard");
    },
  },
  {
    name: "the dashboard while the server is away",
    open: async (page, person) => {
      await fill(page, person);
      await open(page, "/dashboard");
      await page.route("**/rpc/dashboard/read*", (route) => route.abort());
      await expect(page.getByRole("button", { name: "Retry" })).toBeVisible();
    },
  },
  { name: "the empty list", open: async (page) => void (await open(page, "/tasks")) },
  {
    name: "the full list with a question",
    open: async (page, person) => {
      await fill(page, person);
      await open(page, "/tasks");
      await page.getByRole("link", { name: /^Delete Renew/ }).click();
      await expect(page.getByRole("button", { name: "Delete task" })).toBeVisible();
    },
  },
  {
    name: "the list in pages",
    open: async (page, person) => {
      for (let n = 1; n <= 26; n++) await person.hasTask(page, `Task ${n}`);
      await open(page, "/tasks");
      await expect(page.getByRole("link", { name: "Next page" })).toBeVisible();
    },
  },
  {
    name: "the filtered list",
    open: async (page, person) => {
      await fill(page, person);
      await open(page, "/tasks?status=completed&q=renew&sort=title");
    },
  },
  {
    name: "a search without a result",
    open: async (page, person) => {
      await fill(page, person);
      await open(page, "/tasks?q=nowhere");
    },
  },
  {
    name: "the list after a deletion, with a refused title",
    open: async (page, person) => {
      await fill(page, person);
      const task = await person.hasTask(page, AWKWARD[0]);
      await call(page.request, "task/delete", { id: String(task.id) });
      await open(page, `/tasks?deleted=${task.id}`);
      await expect(page.getByRole("button", { name: "Undo" })).toBeVisible();
      await page.getByText("Add a description").click();
      await page.getByLabel("New task").fill("  ");
      await page.getByRole("button", { name: "Add task" }).click();
      await expect(page.locator("#title-error")).toBeVisible();
    },
  },
  {
    name: "a task",
    open: async (page, person) => {
      const task = await person.hasTask(page, AWKWARD[1], "In words.");
      await open(page, `/tasks/${task.id}`);
    },
  },
  {
    name: "a task with a question and a conflict",
    open: async (page, person) => {
      const task = await person.hasTask(page, AWKWARD[0], AWKWARD[0]);
      await open(page, `/tasks/${task.id}?confirm=delete`);
      await expect(page.getByRole("button", { name: "Delete task" })).toBeVisible();
      const other = { id: String(task.id), version: "1", title: AWKWARD[0].slice(1), description: AWKWARD[0] };
      await call(page.request, "task/update", other);
      await page.getByLabel("Title").fill("Too late");
      await page.getByRole("button", { name: "Save changes" }).click();
      await expect(page.getByRole("blockquote")).toBeVisible();
    },
  },
  { name: "a task that is not there", open: async (page) => void (await open(page, "/tasks/999999999")) },
  { name: "no API tokens yet", open: async (page) => void (await open(page, "/settings/tokens")) },
  {
    name: "API tokens with a fresh one and a question",
    open: async (page) => {
      for (const name of [AWKWARD[0].slice(0, 90), AWKWARD[2]]) {
        await open(page, "/settings/tokens");
        await page.getByRole("textbox", { name: "Name" }).fill(name);
        await page.getByRole("button", { name: "Create token" }).click();
        await expect(page.getByLabel("Your new token")).toBeVisible();
      }
      await page.getByRole("link", { name: /^Revoke Avery/ }).click();
      await expect(page.getByRole("button", { name: "Revoke token" })).toBeVisible();
    },
  },
  {
    name: "settings",
    open: async (page, person) => {
      await call(page.request, "account/sign_in", { email: person.email, password: person.password });
      await open(page, "/settings");
      await expect(page.getByRole("button", { name: "End all other sessions" })).toBeVisible();
    },
  },
  { name: "settings with a question", open: async (page) => void (await open(page, "/settings?confirm=delete")) },
  { name: "no teams", open: async (page) => void (await open(page, "/teams")) },
  {
    name: "the teams",
    open: async (page, person) => {
      await crowd(page, person);
      await open(page, "/teams");
    },
  },
  {
    name: "a team's tasks",
    open: async (page, person) => {
      const { team } = await crowd(page, person);
      await open(page, `/teams/${team}`);
    },
  },
  {
    name: "a team's members with a question",
    open: async (page, person) => {
      const { team } = await crowd(page, person);
      await open(page, `/teams/${team}/members`);
      await page.getByRole("link", { name: /^Remove/ }).first().click();
      await expect(page.getByRole("button", { name: "Remove from team" })).toBeVisible();
    },
  },
  {
    name: "a team's settings with a question",
    open: async (page, person) => {
      const { team } = await crowd(page, person);
      await open(page, `/teams/${team}/settings?confirm=delete`);
    },
  },
  {
    name: "a shared task",
    open: async (page, person) => {
      const { task } = await crowd(page, person);
      await open(page, `/tasks/${task.id}`);
      await expect(page.getByText("Invited: has not signed up yet")).toBeVisible();
    },
  },
  { name: "nothing shared", open: async (page) => void (await open(page, "/shared")) },
  {
    name: "what is shared with others",
    open: async (page, person) => {
      await crowd(page, person);
      await open(page, "/shared/by-me");
    },
  },
  {
    name: "what somebody shares, and a team of theirs",
    open: async (page, person) => {
      const { other } = await crowd(page, person);
      await other.signIn(page);
      await open(page, "/tasks");
      await expect(page.locator(".access-mark").first()).toBeVisible();
    },
  },
  {
    name: "a task to view only",
    open: async (page, person) => {
      const { other, task } = await crowd(page, person);
      await other.signIn(page);
      await open(page, `/tasks/${task.id}?confirm=decline`);
    },
  },
  {
    name: "a team's log",
    open: async (page, person) => {
      const { team } = await crowd(page, person);
      await call(page.request, "task/delete", { id: "999999999" });
      await open(page, `/activity?team=${team}`);
    },
  },
  {
    name: "a file that is refused",
    open: async (page) => {
      await open(page, "/settings/import");
      const lines = AWKWARD.map((text) => `${text.replaceAll(",", "")},${text.slice(0, 60).replaceAll(",", "")}`);
      await page.getByLabel("Tasks", { exact: true }).fill(["title,status", ...Array(6).fill(lines).flat()].join("\n"));
      await page.getByRole("button", { name: "Import" }).click();
      await expect(page.getByText("And 4 more.")).toBeVisible();
    },
  },
  { name: "one's own log", open: async (page) => void (await open(page, "/activity")) },
  {
    name: "how the server performs",
    open: async (page, person) => {
      await person.hasTask(page, AWKWARD[0]);
      await administrator.signIn(page);
      await open(page, "/admin/performance?statement=task_insert");
      await expect(page.getByRole("region", { name: "Plan", exact: true })).toContainText("Insert on tasks");
    },
  },
  { name: "how the server performs, for others", open: async (page) => void (await open(page, "/admin/performance")) },
  { name: "a page that is not there", open: async (page) => void (await open(page, "/nowhere")) },
  {
    name: "agents",
    open: async (page, person) => {
      const agent = await Agent.of(page, AWKWARD[0].slice(0, 100));
      for (const title of AWKWARD) await agent.call("add_task", { title });
      const { id } = (await agent.call("list_tasks", {})).tasks[0];
      await agent.call("update_task", { task: id, status: "completed" });
      await agent.call("delete_task", { task: id });
      await open(page, "/activity/agents?all=yes");
      await expect(page.getByText("Waited for a confirmation")).toBeVisible();
    },
  },
];
