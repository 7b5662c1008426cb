// The API's description for people: from this server alone, under its policy, without a word in the console (P1).
import { expect, test } from "../support/test";

// A trace would copy all of a page that is longer than any of ours, and again for each step.
test.use({ trace: "off" });

for (const path of ["/docs", "/redoc"]) {
  test(`${path} shows every operation and asks no other host`, async ({ page, baseURL }) => {
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    const document = await (await page.request.get("/openapi.json")).json();
    await page.goto(path);
    const operations = Object.values(document.paths).flatMap((item) => Object.values(item as object));
    const summaries = operations.map(({ summary }) => summary.replaceAll("`", ""));
    const missing = async () => {
      const text = (await page.evaluate(() => document.body.innerText)).replaceAll("`", "");
      return summaries.filter((summary) => !text.includes(summary));
    };
    // ReDoc draws everything at once, which keeps a busy machine from answering for many seconds.
    await expect.poll(missing, { timeout: 45_000, intervals: [1_000] }).toEqual([]);
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
