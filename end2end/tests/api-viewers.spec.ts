// The API's description for people: from this server alone, under its policy, without a word in the console (P1).
import { expect, test } from "../support/test";

for (const path of ["/docs", "/redoc"]) {
  test(`${path} shows every operation and asks no other host`, async ({ page, baseURL }) => {
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    const document = await (await page.request.get("/openapi.json")).json();
    await page.goto(path);
    const last = page.getByText("Takes an invitation back.").locator("visible=true");
    await expect(last.first()).toBeVisible();
    const text = await page.locator("body").innerText();
    const operations = Object.values(document.paths).flatMap((item) => Object.values(item as object));
    const missing = operations.map(({ summary }) => summary.replaceAll("`", "")).filter((summary) => !text.replaceAll("`", "").includes(summary));
    expect(missing).toEqual([]);
    const foreign = asked.filter((url) => !url.startsWith(baseURL!) && !url.startsWith("data:") && !url.startsWith("blob:"));
    expect(foreign).toEqual([]);
  });
}

test("an operation can be tried out on the page", async ({ page, person }) => {
  await page.goto("/docs");
  await page.getByText("The caller's account.").click();
  await page.getByRole("button", { name: "Try it out" }).click();
  await page.getByRole("button", { name: "Execute" }).click();
  await expect(page.getByText(person.email).first()).toBeVisible();
});
