// What people, and those who are up to no good, type, click twice and send.
import { createHmac } from "node:crypto";
import { held } from "../support/held";
import { SECRET } from "../support/program";
import { add, expectPage, number, row, titles } from "../support/screens";
import { call, newcomer } from "../support/person";
import { open } from "../support/ready";
import { expect, test } from "../support/test";

test.describe("a title", () => {
  for (const [kind, title, complaint] of [
    ["of spaces only", "   ", "The title must not be empty."],
    ["of 201 characters", "ä".repeat(201), "The title must have at most 200 characters (now 201)."],
    ["with control characters", "bell\u0007", "The title must be one line without control characters."],
  ]) {
    test(`${kind} is refused beside the field, and stays in it`, async ({ page, person, console }) => {
      console.expectStatus(422, "/rpc/task/create");
      await open(page, "/tasks");
      await add(page, title);
      await expect(page.getByText(complaint)).toBeVisible();
      await expect(page.getByLabel("New task")).toHaveAccessibleDescription(complaint);
      await expect(page.getByLabel("New task")).toBeFocused();
      await expect(page.getByLabel("New task")).toHaveValue(title);
      await add(page, "A better one");
      await expect(row(page, "A better one")).toBeVisible();
      await expect(page.getByText(complaint)).toBeHidden();
    });
  }

  test("of 200 characters, spaces around it aside, is taken whole", async ({ page, person }) => {
    await open(page, "/tasks");
    await add(page, `  ${"🐝".repeat(200)}  `);
    await expect(row(page, "🐝".repeat(200))).toBeVisible();
  });

  test("with HTML is text everywhere", async ({ page, person }) => {
    await page.addInitScript(() => Object.assign(window, { attack: () => Object.assign(window, { attacked: true }) }));
    const title = `</title><img src=x onerror="attack()"><script>attack()</script>&amp;`;
    const text = `</textarea><script>attack()</script>`;
    const task = await person.hasTask(page, title, text);
    await open(page, "/tasks");
    await expect(titles(page)).toHaveText([title]);
    await expect(page.locator(".task-description")).toHaveText(text);
    await open(page, `/tasks/${task.id}`);
    await expectPage(page, title);
    await expect(page.getByLabel("Title")).toHaveValue(title);
    await expect(page.getByLabel("Description")).toHaveValue(text);
    await expect(page).toHaveTitle(`${title} · Taskwire`);
    await open(page, "/dashboard");
    await expect(page.getByRole("region", { name: "Recent tasks" }).getByRole("link")).toHaveText([title]);
    await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Tasks" }).click();
    await page.getByRole("link", { name: `Delete ${title}` }).click();
    await page.getByRole("button", { name: "Delete task" }).click();
    await expect(page.getByText(`Deleted “${title}”.`)).toBeVisible();
    expect(await page.evaluate(() => "attacked" in window)).toBe(false);
  });
});

test("a description that is too long is refused, and stays", async ({ page, person, console }) => {
  const task = await person.hasTask(page, "Has a description");
  console.expectStatus(422, "/rpc/task/update");
  await open(page, `/tasks/${task.id}`);
  await page.getByLabel("Description").fill("y".repeat(1001));
  await page.getByRole("button", { name: "Save changes" }).click();
  await expect(page.getByText("The description must have at most 1000 characters (now 1001).")).toBeVisible();
  await expect(page.getByLabel("Description")).toHaveValue("y".repeat(1001));
});

test("a whole book in a field is refused with a reason, and stays", async ({ page, person, console }) => {
  const task = await person.hasTask(page, "Has a description");
  console.expectStatus(413, "/rpc/task/update");
  await open(page, `/tasks/${task.id}`);
  await page.getByLabel("Description").fill("y".repeat(100_000));
  await page.getByRole("button", { name: "Save changes" }).click();
  await expect(page.getByText("What was sent is larger than the 64 KiB that Taskwire takes at once.")).toBeVisible();
  await expect(page.getByLabel("Description")).toHaveValue("y".repeat(100_000));
});

test.describe("a sign-up", () => {
  test("with a known email, in another spelling, is refused in words", async ({ page, person, console }) => {
    const email = person.email.toUpperCase();
    console.expectStatus(409, "/rpc/account/sign_up");
    await page.context().clearCookies({ name: "taskwire_session" });
    await open(page, "/sign-up");
    await page.getByLabel("Name").fill("Ada again");
    await page.getByLabel("Email").fill(email);
    await page.getByLabel("Password").fill("Correct-horse-2");
    await page.getByRole("button", { name: "Create account" }).click();
    await expect(page.getByRole("alert")).toContainText(/email/i);
    await expect(page.getByLabel("Email")).toHaveValue(email);
    await expect(page).toHaveURL(/\/sign-up/);

    await open(page, "/sign-in");
    await page.getByLabel("Email").fill(` ${email} `);
    await page.getByLabel("Password").fill(person.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await expectPage(page, "Dashboard");
  });

  for (const [password, complaint] of [
    ["Sh0rt", "A password needs at least 8 characters."],
    ["lower-case-1", "A password needs an upper-case letter."],
    ["UPPER-CASE-1", "A password needs a lower-case letter."],
    ["No-digit-here", "A password needs a digit."],
  ]) {
    test(`with the password “${password}” is told what is missing`, async ({ page, console }) => {
      const ada = newcomer();
      console.expectStatus(422, "/rpc/account/sign_up");
      await open(page, "/sign-up");
      await page.getByLabel("Name").fill(ada.name);
      await page.getByLabel("Email").fill(ada.email);
      await page.getByLabel("Password").fill(password);
      await page.getByRole("button", { name: "Create account" }).click();
      await expect(page.getByText(complaint)).toBeVisible();
      await expect(page.getByLabel("Password")).toHaveAttribute("aria-invalid", "true");
      await expect(page.getByLabel("Password")).toBeFocused();
      await expect(page.getByLabel("Email")).toHaveValue(ada.email);
    });
  }
});

test("a wrong password is told, and the email stays", async ({ page, person, console }) => {
  console.expectStatus(401, "/rpc/account/sign_in");
  await page.context().clearCookies({ name: "taskwire_session" });
  await open(page, "/sign-in");
  await person.fillSignIn(page, "Wrong-horse-1");
  await expect(page.getByRole("alert")).toContainText("Email or password is not right.");
  await expect(page.getByLabel("Email")).toHaveValue(person.email);
  await person.fillSignIn(page);
  await expectPage(page, "Dashboard");
});

test("an edit that comes too late shows both texts and lets the person choose", async ({
  page,
  person,
  anotherBrowser,
  console,
}) => {
  const task = await person.hasTask(page, "First words");
  await open(page, `/tasks/${task.id}`);
  const faster = await anotherBrowser();
  await person.signIn(faster);
  await open(faster, `/tasks/${task.id}`);
  await faster.getByLabel("Title").fill("Words of the faster one");
  await faster.getByRole("button", { name: "Save changes" }).click();
  await expect(faster.getByText("Saved")).toBeVisible();

  console.expectStatus(412, "/rpc/task/update");
  await page.getByLabel("Title").fill("Words of the slower one");
  await page.getByRole("button", { name: "Save changes" }).click();
  await expect(page.getByRole("blockquote")).toContainText("Words of the faster one");
  await expect(page.getByLabel("Title")).toHaveValue("Words of the slower one");
  await page.getByRole("button", { name: "Save my text anyway" }).click();
  await expectPage(page, "Words of the slower one");
  await expect(page.getByRole("blockquote")).toBeHidden();

  // The other one is late now, and gives up.
  await faster.getByLabel("Title").fill("Late words");
  await faster.getByRole("button", { name: "Save changes" }).click();
  await faster.getByRole("link", { name: "discard your text" }).click();
  await expect(faster.getByLabel("Title")).toHaveValue("Words of the slower one");
});

test.describe("a double click", () => {
  test("makes one task", async ({ page, person }) => {
    await open(page, "/tasks");
    await page.getByLabel("New task").fill("Only once");
    await page.getByRole("button", { name: "Add task" }).dblclick();
    await expect(row(page, "Only once")).toBeVisible();
    await add(page, "And another");
    await expect(titles(page)).toHaveText(["And another", "Only once"]);
  });

  test("completes a task, and does not reopen it", async ({ page, person }) => {
    await person.hasTask(page, "Done twice");
    await open(page, "/tasks");
    // While the first click is answered the button waits.
    await page.route("**/rpc/task/complete", async (route) => {
      await page.getByRole("button", { name: "Complete Done twice" }).click();
      await route.continue();
    });
    await page.getByRole("button", { name: "Complete Done twice" }).click();
    await expect(page.getByRole("button", { name: "Reopen Done twice" })).toBeVisible();
    await open(page, "/dashboard");
    await expect(number(page, "Completed")).toHaveText("1");
  });

  test("deletes a task once, and offers to undo it", async ({ page, person }) => {
    await person.hasTask(page, "Gone");
    await open(page, "/tasks");
    let asked = 0;
    await page.route("**/rpc/task/delete", async (route) => {
      asked++;
      await route.continue();
    });
    await page.getByRole("link", { name: "Delete Gone" }).click();
    await page.getByRole("button", { name: "Delete task" }).dblclick();
    await expect(page.getByRole("button", { name: "Undo" })).toBeVisible();
    expect(asked).toBe(1);
    await expect(page.getByRole("alert")).toBeHidden();
  });
});

test("a click on one row does not wait for another's answer", async ({ page, person }) => {
  for (const title of ["Slow", "Quick"]) await person.hasTask(page, title);
  await open(page, "/tasks");
  const release = await held(page, "**/rpc/task/complete", { times: 1 });
  await page.getByRole("button", { name: "Complete Slow" }).click();
  await page.getByRole("button", { name: "Complete Quick" }).click();
  await expect(page.getByRole("button", { name: "Reopen Quick" })).toBeVisible();
  release();
  await expect(page.getByRole("button", { name: "Reopen Slow" })).toBeVisible();
});

for (const place of ["the list", "its own page"]) {
  test(`a deletion on ${place} that comes too late shows what the task is now, and can be repeated`, async ({
    page,
    person,
    console,
  }) => {
    const task = await person.hasTask(page, "Old words");
    const id = String(task.id);
    await open(page, place === "the list" ? "/tasks" : `/tasks/${id}`);
    await page.getByRole("link", { name: /^Delete/ }).click();
    const form = { id, version: String(task.version), title: "New words", description: "" };
    expect((await call(page.request, "task/update", form)).status()).toBe(200);

    console.expectStatus(412, "/rpc/task/delete");
    await page.getByRole("button", { name: "Delete task" }).click();
    await expect(page.getByText("Delete “New words”?")).toBeVisible();
    await page.getByRole("button", { name: "Delete task" }).click();
    await expect(page.getByText("Deleted “New words”.")).toBeVisible();
  });
}

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("a form sent twice makes one task", async ({ page, person }) => {
    await page.goto("/tasks");
    const key = await page.locator("input[name=key]").inputValue();
    const form = { title: "Only once", description: "", key };
    expect((await call(page.request, "task/create", form)).status()).toBe(200);
    await add(page, "Only once");
    await expect(titles(page)).toHaveText(["Only once"]);
  });
});

test.describe("a session cookie", () => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const read = (text: string) => JSON.parse(Buffer.from(text, "base64url").toString());
  const sign = (text: string, secret: string) => `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;

  type Parts = { head: object; claims: { exp: number; iat: number; sub: unknown }; token: string };
  const forgeries: [string, (parts: Parts) => string][] = [
    ["that is nonsense", () => "nonsense"],
    ["that is cut short", ({ token }) => token.slice(0, -5)],
    ["signed with another secret", ({ head, claims }) => sign(`${part(head)}.${part(claims)}`, "x".repeat(40))],
    ["signed with “none”", ({ claims }) => `${part({ alg: "none", typ: "JWT" })}.${part(claims)}.`],
    ["that has expired", ({ head, claims }) => sign(`${part(head)}.${part({ ...claims, exp: claims.iat - 1 })}`, SECRET)],
    ["of somebody else's session", ({ head, claims }) => sign(`${part(head)}.${part({ ...claims, sub: 1 })}`, SECRET)],
  ];
  for (const [kind, forge] of forgeries) {
    test(`${kind} leads to sign-in`, async ({ page, person }) => {
      const cookies = await page.context().cookies();
      const cookie = cookies.find(({ name }) => name === "taskwire_session");
      const token = cookie?.value ?? "";
      const [head, claims] = token.split(".", 2).map(read);
      // The secret is the right one: signed with it, unchanged, the token opens the page.
      expect(sign(token.split(".", 2).join("."), SECRET)).toBe(token);
      await page.context().addCookies([{ ...cookie!, value: forge({ head, claims, token }) }]);
      await open(page, "/tasks");
      await expect(page).toHaveURL(/\/sign-in\?next=/);
      await person.fillSignIn(page);
      await expect(page).toHaveURL(/^[^?]+\/tasks$/);
    });
  }
});

test("a link cannot put words into the sign-in page's mouth, nor lead elsewhere", async ({ page, person }) => {
  await page.context().clearCookies();
  await open(page, "/sign-in?__path=/rpc/account/sign_in&__err=" + encodeURIComponent("Call 555-1234 at once"));
  await expect(page.getByText("555-1234")).toBeHidden();
  await open(page, "/sign-in?next=https://evil.example/");
  await person.fillSignIn(page);
  await expectPage(page, "Dashboard");
  expect(new URL(page.url()).origin).toBe(process.env.TASKWIRE_TESTED);
});
