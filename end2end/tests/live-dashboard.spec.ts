// The dashboard follows what happens elsewhere (D1 to D3).
import type { Page } from "@playwright/test";
import { add, number, row } from "../support/screens";
import { newcomer } from "../support/person";
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

test.describe("polling", () => {
  // The page's clock stands still and is moved by hand, so that nothing depends on the machine's speed.
  async function openWithStoppedClock(page: Page) {
    await newcomer().signUp(page);
    // Told already, the time zone causes no question of its own.
    const zone = await page.evaluate(() => Intl.DateTimeFormat().resolvedOptions().timeZone);
    await page.context().addCookies([{ name: "tz", value: encodeURIComponent(zone), url: process.env.TASKWIRE_TESTED }]);
    await page.clock.install();
    await open(page, "/dashboard");
    await page.clock.pauseAt(Date.now() + 60_000);
    const questions: string[] = [];
    page.on("request", (request) => {
      if (request.url().includes("/rpc/dashboard/read")) questions.push(request.url());
    });
    const fiveSecondsLater = async () => {
      const answer = page.waitForResponse(POLL);
      await page.clock.runFor(5_000);
      await answer;
    };
    // One question and its answer, so that nothing of the time before is under way.
    await fiveSecondsLater();
    questions.length = 0;
    return { questions, fiveSecondsLater };
  }

  async function setVisibility(page: Page, state: "visible" | "hidden") {
    await page.evaluate((state) => {
      Object.defineProperty(document, "visibilityState", { get: () => state, configurable: true });
      Object.defineProperty(document, "hidden", { get: () => state === "hidden", configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, state);
  }

  test("asks once in five seconds, and not again while an answer is awaited", async ({ page }) => {
    const { questions, fiveSecondsLater } = await openWithStoppedClock(page);
    await fiveSecondsLater();
    await fiveSecondsLater();
    expect(questions).toHaveLength(2);

    let answer = () => {};
    const held = new Promise<void>((resolve) => (answer = resolve));
    await page.route(POLL, async (route) => {
      await held;
      await route.continue();
    });
    const asked = page.waitForRequest(POLL);
    await page.clock.runFor(5_000);
    await asked;
    await page.clock.runFor(9_000);
    expect(questions).toHaveLength(3);
    const answered = page.waitForResponse(POLL);
    answer();
    await answered;
    await fiveSecondsLater();
    expect(questions).toHaveLength(4);
  });

  test("rests while the tab is hidden, and asks at once when it is seen again", async ({ page }) => {
    const { questions, fiveSecondsLater } = await openWithStoppedClock(page);
    await setVisibility(page, "hidden");
    await page.clock.runFor(60_000);
    expect(questions).toHaveLength(0);
    const answer = page.waitForResponse(POLL);
    await setVisibility(page, "visible");
    await answer;
    expect(questions).toHaveLength(1);
    await fiveSecondsLater();
    expect(questions).toHaveLength(2);
  });

  test("holds still when the person wants it, until they want otherwise", async ({ page }) => {
    const { questions } = await openWithStoppedClock(page);
    await page.getByRole("button", { name: "Pause updates" }).click();
    await page.clock.runFor(30_000);
    expect(questions).toHaveLength(0);
    const answer = page.waitForResponse(POLL);
    await page.getByRole("button", { name: "Resume updates" }).click();
    await answer;
    expect(questions).toHaveLength(1);
  });

  test("ends with the dashboard", async ({ page }) => {
    const { questions } = await openWithStoppedClock(page);
    await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Tasks" }).click();
    await expect(page.getByText("No tasks yet")).toBeVisible();
    await page.clock.runFor(30_000);
    expect(questions).toHaveLength(0);
  });
});
