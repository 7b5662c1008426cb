// A server or a database that goes away and comes back, and sessions that end elsewhere (D2, O3, A3).
import { type Page, expect } from "@playwright/test";
import { Agent } from "../support/agent";
import { Database, SECRET, Server } from "../support/program";
import { expectPage, number, row, tab } from "../support/screens";
import { newcomer } from "../support/person";
import { open, ready } from "../support/ready";
import { test as base } from "../support/test";

const failure = (page: Page) => page.getByText(/These numbers are from/);

/** Whether the document is still the one that was marked. */
async function mark(page: Page) {
  await page.evaluate(() => Object.assign(window, { marked: true }));
}
const isMarked = (page: Page) => page.evaluate(() => "marked" in window);

base.describe("a server that goes away", () => {
  const test = base.extend<{ server: Server }>({
    server: async ({}, use) => {
      const server = await new Server().start();
      await use(server);
      await server.end();
    },
    baseURL: async ({ server }, use) => {
      await use(server.url);
    },
  });

  test("leaves what agents did on its page, says that it may be old, and recovers by itself", async ({
    page,
    server,
    console,
  }) => {
    const ada = newcomer();
    await ada.signUp(page);
    const agent = await Agent.of(page);
    await agent.call("add_task", { title: "From before" });
    await open(page, "/activity/agents");
    console.expectNoAnswer("/rpc/tool_call/list");
    await server.stop();
    const failure = page.getByText("What is shown may be out of date.");
    await expect(failure).toBeVisible();
    await expect(page.getByText("From before")).toBeVisible();
    await server.start();
    await agent.call("add_task", { title: "From after" });
    await expect(page.getByText("From after")).toBeVisible();
    await expect(failure).toBeHidden();
  });

  test("leaves the last numbers on the dashboard, says since when, and recovers by itself", async ({
    page,
    server,
    console,
  }) => {
    const ada = newcomer();
    await ada.signUp(page);
    await ada.hasTask(page, "Stays visible");
    await open(page, "/dashboard");
    await mark(page);

    console.expectNoAnswer("/rpc/dashboard/read");
    await server.stop();
    await expect(failure(page)).toContainText(/These numbers are from \d\d:\d\d:\d\d/);
    await expect(page.getByText("Taskwire did not answer.")).toBeVisible();
    await expect(number(page, "Total")).toHaveText("1");
    await page.getByRole("button", { name: "Retry" }).click();
    await expect(failure(page)).toBeVisible();

    await server.start();
    await ada.hasTask(page, "Made after the outage");
    await expect(failure(page)).toBeHidden();
    await expect(number(page, "Total")).toHaveText("2");
    expect(await isMarked(page)).toBe(true);
  });

  test("costs nobody what they were typing", async ({ page, server, console }) => {
    const ada = newcomer();
    await ada.signUp(page);
    await open(page, "/tasks");
    console.expectNoAnswer("/rpc/task/create");
    await server.stop();
    await page.getByLabel("New task").fill("Typed during the outage");
    await page.getByRole("button", { name: "Add task" }).click();
    await expect(page.getByText("Taskwire did not answer.")).toBeVisible();
    await expect(page.getByLabel("New task")).toHaveValue("Typed during the outage");
    await server.start();
    await page.getByRole("button", { name: "Add task" }).click();
    await expect(row(page, "Typed during the outage")).toBeVisible();
    await expect(page.getByText("Taskwire did not answer.")).toBeHidden();
  });

  test("lets nobody believe to be signed out", async ({ page, server, console }) => {
    await newcomer().signUp(page);
    await open(page, "/tasks");
    console.expectNoAnswer("/rpc/account/sign_out");
    await server.stop();
    await page.getByRole("button", { name: "Sign out" }).click();
    await expect(page.getByText("Taskwire did not answer.")).toBeVisible();
    await server.start();
    await page.getByRole("button", { name: "Sign out" }).click();
    await expectPage(page, "Sign in to Taskwire");
  });
});

base.describe("a database that goes away", () => {
  const test = base.extend<{ database: Database }>({
    database: async ({}, use) => {
      const database = new Database();
      await use(database);
      await database.end();
    },
    baseURL: async ({ database }, use) => {
      const settings = { DATABASE_URL: await database.start(), AUTH_SECRET: SECRET, TASKWIRE_DB_ACQUIRE_TIMEOUT: "1s" };
      const server = await new Server(settings).start();
      await use(server.url);
      await server.end();
    },
  });

  test("leaves the last numbers on the dashboard, and Retry brings the new ones", async ({
    page,
    database,
    console,
  }) => {
    const ada = newcomer();
    await ada.signUp(page);
    await ada.hasTask(page, "Stays visible");
    await open(page, "/dashboard");
    await mark(page);

    console.expectStatus(503, "/rpc/dashboard/read");
    await database.stop();
    await expect(failure(page)).toContainText(/These numbers are from \d\d:\d\d:\d\d/);
    await expect(page.getByText("Taskwire cannot reach its database right now.")).toBeVisible();
    await expect(number(page, "Total")).toHaveText("1");

    await database.start();
    await page.getByRole("button", { name: "Retry" }).click();
    await expect(failure(page)).toBeHidden();
    expect(await isMarked(page)).toBe(true);
  });

  test("is told on a page that is opened meanwhile, and trying again shows it", async ({ page, database, console }) => {
    const ada = newcomer();
    await ada.signUp(page);
    await ada.hasTask(page, "Survives");
    await database.stop();

    console.expectStatus(503, "/tasks");
    const answer = await open(page, "/tasks");
    expect(answer?.status()).toBe(503);
    expect(answer?.headers()["retry-after"]).toBe("2");
    await expect(page.getByText("Taskwire cannot reach its database right now.")).toBeVisible();
    expect((await page.request.get("/health")).status()).toBe(503);

    await database.start();
    await page.getByRole("link", { name: "Try again" }).click();
    await expect(row(page, "Survives")).toBeVisible();
  });

  test.describe("without JavaScript", () => {
    test.use({ javaScriptEnabled: false });

    test("gives back what was typed, to be sent again", async ({ page, database, console }) => {
      console.expectStatus(503, "/rpc/task/create");
      await newcomer().signUp(page);
      await page.goto("/tasks");
      await database.stop();
      await page.getByLabel("New task").fill("Typed during the outage");
      await page.getByRole("button", { name: "Add task" }).click();
      await expect(page.getByText("Taskwire cannot reach its database right now.")).toBeVisible();
      await expect(page.getByLabel("What you typed: title")).toHaveValue("Typed during the outage");
      await database.start();
      await page.getByRole("button", { name: "Send again" }).click();
      await expect(row(page, "Typed during the outage")).toBeVisible();
    });

    test("says that signing out did not work, and stays", async ({ page, database, console }) => {
      console.expectStatus(503, "/rpc/account/sign_out");
      await newcomer().signUp(page);
      await page.goto("/dashboard");
      await database.stop();
      await page.getByRole("button", { name: "Sign out" }).click();
      await expectPage(page, "This was not done");
      // The dashboard loads itself anew, but this answer's address cannot be loaded.
      await expect(page.locator("meta[http-equiv=refresh]")).toHaveCount(0);
      await database.start();
      await page.getByRole("button", { name: "Send again" }).click();
      await expectPage(page, "Sign in to Taskwire");
    });
  });
});

base.describe("a session ended from another browser", () => {
  base("takes the dashboard to sign-in and back", async ({ page, person, anotherBrowser, console }) => {
    await open(page, "/dashboard");
    const elsewhere = await anotherBrowser();
    await person.signIn(elsewhere);
    await open(elsewhere, "/settings");

    console.expectStatus(401, "/rpc/dashboard/read");
    await elsewhere.getByRole("button", { name: /^End session: / }).click();
    await expect(elsewhere.getByRole("button", { name: /^End session: / })).toBeHidden();
    await expect(page).toHaveURL(/\/sign-in\?next=\/dashboard$/);
    await person.fillSignIn(page);
    await expect(page).toHaveURL(/^[^?]+\/dashboard$/);
    await expect(number(page, "Total")).toHaveText("0");
  });

  base("takes the list to sign-in and back to what it showed", async ({ page, person, anotherBrowser, console }) => {
    await person.hasCompleted(page, "Done");
    await open(page, "/tasks");
    const elsewhere = await anotherBrowser();
    await person.signIn(elsewhere);
    await open(elsewhere, "/settings");
    await elsewhere.getByRole("button", { name: "End all other sessions" }).click();
    await expect(elsewhere.getByRole("button", { name: "End all other sessions" })).toBeHidden();

    console.expectStatus(401, "/rpc/task/list");
    await tab(page, "Completed").click();
    await expect(page).toHaveURL(/\/sign-in\?next=/);
    await person.fillSignIn(page);
    await expect(page).toHaveURL(/\/tasks\?status=completed$/);
    await expect(row(page, "Done")).toBeVisible();
  });

  base("keeps what was typed, and signing in beside it lets it be sent", async ({
    page,
    person,
    anotherBrowser,
    console,
  }) => {
    await open(page, "/tasks");
    const elsewhere = await anotherBrowser();
    await person.signIn(elsewhere);
    await open(elsewhere, "/settings");
    await elsewhere.getByRole("button", { name: "End all other sessions" }).click();
    await expect(elsewhere.getByRole("button", { name: "End all other sessions" })).toBeHidden();

    console.expectStatus(401, "/rpc/task/create");
    await page.getByLabel("New task").fill("Not lost");
    await page.getByRole("button", { name: "Add task" }).click();
    const opening = page.waitForEvent("popup");
    await page.getByRole("link", { name: "Sign in in a new tab" }).click();
    const beside = await opening;
    await ready(beside);
    await person.fillSignIn(beside);
    await expectPage(beside, "Tasks");
    await expect(page.getByLabel("New task")).toHaveValue("Not lost");
    await page.getByRole("button", { name: "Add task" }).click();
    await expect(row(page, "Not lost")).toBeVisible();
  });
});

base("a page from before an upgrade starts over when it asks for what is gone", async ({ page, person, console }) => {
  await open(page, "/dashboard");
  await mark(page);
  console.expectStatus(404, "/pkg/split___settings");
  console.expectError("WebAssembly");
  console.expectError("load callback should succeed");
  console.expectError("RuntimeError: unreachable");
  await page.route("**/pkg/split___settings*", (route) => route.fulfill({ status: 404 }), { times: 1 });
  const loaded = page.waitForEvent("load");
  await page.getByRole("link", { name: "Settings" }).click();
  await loaded;
  expect(await isMarked(page)).toBe(false);
  await ready(page);
  await page.getByRole("link", { name: "Settings" }).click();
  await expectPage(page, "Settings");
});
