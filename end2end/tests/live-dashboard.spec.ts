// The dashboard follows what happens elsewhere (D1 to D3).
import type { Page } from "@playwright/test";
import { held } from "../support/held";
import { add, expectPage, number, row } from "../support/screens";
import { open } from "../support/ready";
import { expect, test } from "../support/test";

const POLL = "**/rpc/dashboard/read*";

test("tasks typed in one browser appear in another's dashboard within seconds", async ({
  page,
  person,
  anotherBrowser,
}) => {
  await open(page, "/dashboard");
  await expect(number(page, "Total")).toHaveText("0");
  const typing = await anotherBrowser();
  await person.signIn(typing);
  await open(typing, "/tasks");

  // The poll comes every five seconds; the rest is the machine's.
  const follows = expect.configure({ timeout: 7_000 });
  await add(typing, "Feed the cat");
  await follows(number(page, "Total")).toHaveText("1");
  await expect(page.getByRole("region", { name: "Recent tasks" }).getByRole("link")).toHaveText(["Feed the cat"]);
  await expect(page.getByText("Nothing here yet")).toBeHidden();

  await add(typing, "Feed the dog");
  await expect(row(typing, "Feed the dog")).toBeVisible();
  await typing.getByRole("button", { name: "Complete Feed the cat" }).click();
  await follows(number(page, "Completed")).toHaveText("1");
  await follows(number(page, "Total")).toHaveText("2");
  await expect(number(page, "Completion rate")).toHaveText("50 %");
  const activity = page.getByRole("region", { name: "Activity" });
  await expect(activity.getByRole("row", { name: "Created" }).getByRole("cell")).toHaveText(["2", "2"]);
  await expect(activity.getByRole("row", { name: "Completed" }).getByRole("cell")).toHaveText(["1", "1"]);
});

test("shows that it is loading until there are numbers, but not on the page that the server made", async ({
  page,
  person,
}) => {
  await person.hasTask(page, "Counted");
  const document = await (await page.request.get("/dashboard")).text();
  expect(document).toContain("Counted");
  expect(document).not.toContain("Loading…");

  const release = await held(page, POLL);
  await open(page, "/tasks");
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Dashboard" }).click();
  const loading = page.getByRole("status").filter({ hasText: "Loading…" });
  await expect(loading.first()).toBeVisible();
  await expect(number(page, "Total")).toBeHidden();

  release();
  await expect(number(page, "Total")).toHaveText("1");
  await expect(loading).toHaveCount(0);
});

test.describe("polling", () => {
  /**
   * A dashboard whose clock stands still and is moved by hand, so that nothing depends on the machine's
   * speed. Each answer has another number of pending tasks, by which it is known to have arrived.
   */
  class StoppedDashboard {
    private count = 0;
    private answers = Promise.resolve();

    constructor(private readonly page: Page) {}

    async open() {
      const { page } = this;
      await page.route(POLL, async (route) => {
        const pending = ++this.count;
        const response = await route.fetch();
        const json = await response.json();
        json.statistics.pending = pending;
        await this.answers;
        await route.fulfill({ response, json });
      });
      await page.clock.install();
      await open(page, "/dashboard");
      await page.clock.pauseAt(Date.now() + 60_000);
      await this.answered();
      return this;
    }

    after(milliseconds: number) {
      return this.page.clock.runFor(milliseconds);
    }

    /** How often it has asked. What it asked before the page's own request here has been counted by then. */
    async questions() {
      await this.page.evaluate(() => fetch("/health/live", { cache: "no-store" }));
      return this.count;
    }

    /** Waits until every question so far is answered and shown. */
    async answered() {
      const questions = await this.questions();
      if (questions > 0) await expect(number(this.page, "Pending")).toHaveText(String(questions));
    }

    /** Holds the answers back until the returned function is called. */
    holdAnswers(): () => void {
      let release = () => {};
      this.answers = new Promise((resolve) => (release = resolve));
      return release;
    }
  }

  async function setVisibility(page: Page, state: "visible" | "hidden") {
    await page.evaluate((state) => {
      Object.defineProperty(document, "visibilityState", { get: () => state, configurable: true });
      Object.defineProperty(document, "hidden", { get: () => state === "hidden", configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, state);
  }

  test("asks once in five seconds, and not again while an answer is awaited", async ({ page, person }) => {
    await person.hasTask(page, "Counted");
    const dashboard = await new StoppedDashboard(page).open();
    // Wherever in its five seconds it stands now.
    await dashboard.after(5_000);
    await dashboard.answered();
    let questions = await dashboard.questions();
    for (let times = 0; times < 3; times++) {
      await dashboard.after(5_000);
      expect(await dashboard.questions()).toBe(++questions);
      await dashboard.answered();
    }

    const release = dashboard.holdAnswers();
    await dashboard.after(5_000);
    expect(await dashboard.questions()).toBe(++questions);
    // Two more are due meanwhile.
    await dashboard.after(9_999);
    expect(await dashboard.questions()).toBe(questions);
    release();
    await dashboard.answered();
    await dashboard.after(5_000);
    expect(await dashboard.questions()).toBe(++questions);
    await dashboard.answered();
  });

  test("rests while the tab is hidden, and asks at once when it is seen again", async ({ page, person }) => {
    await person.hasTask(page, "Counted");
    const dashboard = await new StoppedDashboard(page).open();
    const questions = await dashboard.questions();
    await setVisibility(page, "hidden");
    await dashboard.after(60_000);
    expect(await dashboard.questions()).toBe(questions);
    await setVisibility(page, "visible");
    await expect.poll(() => dashboard.questions()).toBe(questions + 1);
    await dashboard.answered();
    await dashboard.after(5_000);
    expect(await dashboard.questions()).toBe(questions + 2);
    await dashboard.answered();
  });

  test("holds still when the person wants it, until they want otherwise", async ({ page, person }) => {
    await person.hasTask(page, "Counted");
    const dashboard = await new StoppedDashboard(page).open();
    const questions = await dashboard.questions();
    await page.getByRole("button", { name: "Pause updates" }).click();
    await expect(page.getByRole("button", { name: "Resume updates" })).toBeVisible();
    await dashboard.after(30_000);
    expect(await dashboard.questions()).toBe(questions);
    await page.getByRole("button", { name: "Resume updates" }).click();
    await expect.poll(() => dashboard.questions()).toBe(questions + 1);
    await dashboard.answered();
  });

  test("ends with the dashboard", async ({ page, person }) => {
    await person.hasTask(page, "Counted");
    const dashboard = await new StoppedDashboard(page).open();
    const questions = await dashboard.questions();
    await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Tasks" }).click();
    // The dashboard lists the task, too.
    await expectPage(page, "Tasks");
    await expect(row(page, "Counted")).toBeVisible();
    await dashboard.after(30_000);
    expect(await dashboard.questions()).toBe(questions);
  });
});
