// The whole work without a mouse (D9).
import { type Locator, type Page } from "@playwright/test";
import { call, newcomer } from "../support/person";
import { expectPage, row } from "../support/screens";
import { open } from "../support/ready";
import { expect, test } from "../support/test";

/** Presses Tab until the focus is there, and sees on the way that it is always visible. */
async function tabTo(page: Page, target: Locator) {
  await expect(target).toBeVisible();
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press("Tab");
    await expectVisibleFocus(page);
    if (await target.evaluate((element) => element === document.activeElement)) return;
  }
  throw new Error(`Tab never reached ${target}`);
}

async function expectVisibleFocus(page: Page) {
  const focus = await page.evaluate(() => {
    const element = document.activeElement;
    // The step from the last element of the page to its first leads through the browser's own bar.
    if (!element || element === document.body) return { isShown: true, what: "nothing" };
    const box = element.getBoundingClientRect();
    const isOnScreen = box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0;
    // A link that fills its card draws the frame with the part that fills it.
    const frames = [getComputedStyle(element), getComputedStyle(element, "::after")];
    const isFramed = frames.some((style) => style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2);
    return { isShown: isOnScreen && isFramed, what: element.outerHTML };
  });
  expect(focus.isShown, `visible focus on ${focus.what}`).toBe(true);
}

test("signing in, adding, completing, deleting and bringing back need only Tab, Enter and Space", async ({
  page,
  person,
}) => {
  await page.context().clearCookies({ name: "taskwire_session" });
  await open(page, "/sign-in");
  await tabTo(page, page.getByLabel("Email"));
  await page.keyboard.type(person.email);
  await tabTo(page, page.getByLabel("Password"));
  await page.keyboard.type(person.password);
  await page.keyboard.press("Enter");
  await expectPage(page, "Dashboard");

  await tabTo(page, page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Tasks" }));
  await page.keyboard.press("Enter");
  await expectPage(page, "Tasks");
  // A screen reader starts at the new page, not at the link that led there.
  await expect(page.getByRole("main")).toBeFocused();
  await expect(page.getByText("No tasks yet")).toBeVisible();

  await tabTo(page, page.getByLabel("New task"));
  await page.keyboard.type("By hand");
  await page.keyboard.press("Enter");
  await expect(row(page, "By hand")).toBeVisible();
  await expect(page.getByLabel("New task")).toBeFocused();

  await tabTo(page, page.getByRole("button", { name: "Complete By hand" }));
  await page.keyboard.press("Space");
  await expect(page.getByRole("button", { name: "Reopen By hand" })).toBeFocused();

  await tabTo(page, page.getByRole("link", { name: "Delete By hand" }));
  await page.keyboard.press("Enter");
  await expect(page.getByRole("group", { name: "Delete “By hand”?" })).toBeFocused();
  await tabTo(page, page.getByRole("button", { name: "Delete task" }));
  await page.keyboard.press("Space");
  await expect(page.getByRole("button", { name: "Undo" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(row(page, "By hand")).toBeVisible();
});

test("the first Tab offers to skip to the content", async ({ page, person, console }) => {
  console.expectStatus(404, "/nowhere");
  for (const path of ["/dashboard", "/tasks", "/settings", "/nowhere"]) {
    await open(page, path);
    await page.keyboard.press("Tab");
    const skip = page.getByRole("link", { name: "Skip to content" });
    await expect(skip).toBeFocused();
    await expectVisibleFocus(page);
    await page.keyboard.press("Enter");
    await expect(page.getByRole("main")).toBeFocused();
    await page.keyboard.press("Tab");
    expect(await page.getByRole("main").evaluate((main) => main.contains(document.activeElement))).toBe(true);
  }
});

test("every control of every page can be reached, and shows the focus", async ({ page, person }) => {
  const task = await person.hasTask(page, "Something", "With a description");
  for (const path of ["/dashboard", "/tasks", `/tasks/${task.id}`, "/settings"]) {
    await open(page, path);
    const wanted = await page
      .locator("a[href], button, input:not([type=hidden]), select, textarea, summary")
      .evaluateAll((elements) => elements.filter((e) => (e as HTMLElement).checkVisibility()).length);
    const reached = new Set<string>();
    for (let presses = 0; presses < wanted; presses++) {
      await page.keyboard.press("Tab");
      await expectVisibleFocus(page);
      reached.add(
        await page.evaluate(() => String([...document.querySelectorAll("*")].indexOf(document.activeElement!))),
      );
    }
    expect(reached.size, path).toBe(wanted);
  }
});

test("the switch of the theme keeps the focus", async ({ page, person }) => {
  await open(page, "/tasks");
  await tabTo(page, page.getByRole("button", { name: "Dark theme" }));
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: "Light theme" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: "Dark theme" })).toBeFocused();
});

test("whoever does not go on is back at what asked them", async ({ page, person, anotherBrowser }) => {
  const bobs = await anotherBrowser();
  const bob = newcomer("Bob");
  await bob.signUp(bobs);
  const task = await person.hasTask(page, "Kept");
  const team = await person.hasTeam(page, "Crew");
  await person.adds(page, team, bob, "member");
  const shared = await bob.hasTask(bobs, "From Bob");
  await bob.shares(bobs, shared, person, "view");
  for (const [path, opener, out] of [
    ["/tasks", "Delete Kept", "Keep it"],
    [`/tasks/${task.id}`, "Delete…", "Keep it"],
    [`/tasks/${shared.id}`, "Remove from my list…", "Keep it"],
    [`/teams/${team}/members`, "Remove Bob", "Cancel"],
    [`/teams/${team}/members`, "Hand over: make Bob the owner", "Cancel"],
    [`/teams/${team}/settings`, "Delete this team…", "Cancel"],
  ] as const) {
    await open(page, path);
    const link = page.getByRole("link", { name: opener });
    await link.press("Enter");
    await expect(page.locator(".confirm")).toBeFocused();
    await page.getByRole("link", { name: out }).press("Enter");
    await expect(page.locator(".confirm")).toHaveCount(0);
    await expect(link, path).toBeFocused();
  }
});

test("a row that goes leaves the focus to the heading of its list", async ({ page, person, anotherBrowser, console }) => {
  console.expectStatus(404, "/rpc/team/remove_member");
  const bob = newcomer("Bob");
  await bob.signUp(await anotherBrowser());
  const team = await person.hasTeam(page, "Crew");
  await person.adds(page, team, bob, "member");
  await open(page, `/teams/${team}/members`);
  await page.getByRole("link", { name: "Remove Bob" }).press("Enter");
  const people = await page.request.get(`/rpc/team/get?id=${team}`, { headers: { accept: "application/json" } });
  const { user_id } = (await people.json()).members[1];
  expect((await call(page.request, "team/remove_member", { id: team, user_id })).status()).toBe(200);
  await page.getByRole("button", { name: "Remove from team" }).press("Enter");
  await expect(page.getByRole("region", { name: "Members" }).getByRole("alert")).toBeVisible();
  await expect(page.getByRole("heading", { name: "Members" })).toBeFocused();

  const task = await person.hasTask(page, "Shared");
  await person.shares(page, task, bob, "view");
  await open(page, `/tasks/${task.id}`);
  await page.getByRole("button", { name: "Revoke share of Bob" }).press("Enter");
  await expect(page.getByText("Shared with nobody yet.")).toBeVisible();
  await expect(page.getByRole("heading", { name: "Sharing" })).toBeFocused();
});
