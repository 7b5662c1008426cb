// API tokens: what a program proves itself with in a person's name (A4).
import { newcomer } from "../support/person";
import { open } from "../support/ready";
import { expect, test } from "../support/test";

/** What the API answers to a program with this secret. */
const asProgram = (secret: string) => ({ headers: { authorization: `Bearer ${secret}`, cookie: "" } });

test("a token is made, shown once, used and revoked", async ({ page, person, request }) => {
  await open(page, "/settings");
  await page.getByRole("link", { name: "API tokens" }).click();
  await expect(page.getByText("You have no API tokens")).toBeVisible();
  await page.getByRole("textbox", { name: "Name" }).fill("Nightly <b>report</b>");
  await page.getByRole("combobox", { name: "Teams" }).selectOption("See teams");
  await page.getByRole("button", { name: "Create token" }).click();

  const shown = page.getByLabel("Your new token. Copy it now: it is not shown again.");
  await expect(shown).toBeFocused();
  const secret = await shown.inputValue();
  expect(secret).toMatch(/^taskwire_/);
  await page.getByRole("button", { name: "Copy" }).click();
  await expect(page.getByRole("button", { name: "Copied" })).toBeVisible();
  const token = page.getByRole("listitem").filter({ hasText: "Nightly <b>report</b>" });
  for (const words of ["tasks:read", "teams:read", "Never used", "Ends"]) await expect(token).toContainText(words);
  await expect(page.getByRole("textbox", { name: "Name" })).toHaveValue("");

  expect((await request.get("/api/me/tasks", asProgram(secret))).status()).toBe(200);
  expect((await request.get("/api/dashboard/statistics", asProgram(secret))).status()).toBe(403);
  await page.reload();
  await expect(token).toContainText("Last used");
  await expect(shown).toHaveCount(0);
  expect(await page.content()).not.toContain(secret);

  await token.getByRole("link", { name: "Revoke Nightly" }).click();
  await expect(page.getByText("Whatever uses it is refused from then on.")).toBeVisible();
  await page.getByRole("link", { name: "Keep it" }).click();
  await expect(token.getByRole("link", { name: "Revoke Nightly" })).toBeFocused();
  await token.getByRole("link", { name: "Revoke Nightly" }).click();
  await page.getByRole("button", { name: "Revoke token" }).click();
  await expect(page.getByText("Token revoked")).toBeVisible();
  await expect(token).toHaveCount(0);
  expect((await request.get("/api/me/tasks", asProgram(secret))).status()).toBe(401);
  await page.goto("/activity");
  await expect(page.getByText("You revoked the API token “Nightly <b>report</b>”.")).toBeVisible();
});

test("what is wrong with a new token is said beside it, and nothing is lost", async ({ page, person, console }) => {
  console.expectStatus(422, "/rpc/token/create");
  await open(page, "/settings/tokens");
  const name = page.getByRole("textbox", { name: "Name" });
  await name.fill("Robot");
  await page.getByRole("combobox", { name: "Tasks" }).selectOption("No access");
  await page.getByRole("button", { name: "Create token" }).click();
  await expect(page.getByRole("alert")).toHaveText("Choose what the token may do.");
  await expect(name).toHaveValue("Robot");
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("a token is made, shown once and revoked", async ({ page, request, console }) => {
    console.expectStatus(422, "/rpc/token/create");
    const person = newcomer();
    await person.signUp(page);
    await page.goto("/settings/tokens");
    await page.getByRole("textbox", { name: "Name" }).fill("Robot");
    await page.getByRole("combobox", { name: "Tasks" }).selectOption("No access");
    await page.getByRole("button", { name: "Create token" }).click();
    await expect(page.getByRole("alert")).toHaveText("Choose what the token may do.");
    await expect(page.getByRole("textbox", { name: "Name" })).toHaveValue("Robot");
    await expect(page.getByRole("combobox", { name: "Tasks" })).toHaveValue("");
    await page.getByRole("combobox", { name: "Tasks" }).selectOption("See tasks");
    await page.getByRole("button", { name: "Create token" }).click();

    const shown = page.getByLabel("Your new token. Copy it now: it is not shown again.");
    const secret = await shown.inputValue();
    expect(page.url()).not.toContain(secret);
    expect((await request.get("/api/me/tasks", asProgram(secret))).status()).toBe(200);
    await page.goto("/settings/tokens");
    await expect(shown).toHaveCount(0);
    await page.getByRole("link", { name: "Revoke Robot" }).click();
    await page.getByRole("button", { name: "Revoke token" }).click();
    await expect(page.getByText("Token revoked")).toBeVisible();
    await expect(page.getByText("You have no API tokens")).toBeVisible();
  });
});
