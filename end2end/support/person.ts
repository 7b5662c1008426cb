import { type APIRequestContext, type APIResponse, type Page, expect } from "@playwright/test";
import { randomUUID } from "node:crypto";

export type Task = { id: number; version: number; title: string; description: string };

/** Asks a server function as the wasm client does. */
export async function call(request: APIRequestContext, path: string, form: Record<string, string>): Promise<APIResponse> {
  return request.post(`/rpc/${path}`, { form, headers: { accept: "application/json" } });
}

async function done(answer: APIResponse): Promise<APIResponse> {
  expect(answer.status(), await answer.text()).toBe(200);
  return answer;
}

/** Somebody who uses Taskwire. What a test is not about they do without a page, because that is quicker. */
export class Person {
  readonly password = "Correct-horse-1";

  constructor(
    readonly name: string,
    readonly email: string,
  ) {}

  async signUp(page: Page) {
    const { name, email, password } = this;
    await done(await call(page.request, "account/sign_up", { name, email, password }));
  }

  async signIn(page: Page) {
    const { email, password } = this;
    await done(await call(page.request, "account/sign_in", { email, password }));
  }

  async hasTask(page: Page, title: string, description = ""): Promise<Task> {
    const form = { title, description, key: randomUUID() };
    return (await done(await call(page.request, "task/create", form))).json();
  }

  async hasCompleted(page: Page, title: string): Promise<Task> {
    const task = await this.hasTask(page, title);
    return (await done(await call(page.request, "task/complete", { id: String(task.id) }))).json();
  }

  /** Makes a team of a name nobody else has; returns its id. */
  async hasTeam(page: Page, name: string, description = ""): Promise<string> {
    const form = { name: `${name} ${randomUUID().slice(0, 8)}`, description };
    return (await (await done(await call(page.request, "team/create", form))).json()).id;
  }

  async hasTeamTask(page: Page, team: string, title: string): Promise<Task> {
    return (await done(await call(page.request, "task/create", { title, team_id: team }))).json();
  }

  /** Adds somebody to a team of theirs. */
  async adds(page: Page, team: string, other: Person, role: "admin" | "member" | "viewer") {
    await done(await call(page.request, "team/add_member", { id: team, email: other.email, role }));
  }

  async shares(page: Page, task: Task, other: Person, permission: "view" | "edit") {
    await done(await call(page.request, "share/give", { task_id: String(task.id), email: other.email, permission }));
  }

  /** Fills the sign-in form that the page shows. */
  async fillSignIn(page: Page, password = this.password) {
    await page.getByLabel("Email").fill(this.email);
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Sign in" }).click();
  }
}

/** Who sees how the shared server performs. */
export const administrator = new Person("Grace Hopper", "grace@example.org");

/** Somebody nobody has heard of, in this run or another. */
export function newcomer(name = "Ada Lovelace"): Person {
  return new Person(name, `ada-${randomUUID()}@example.org`);
}
