// What the dashboard costs on the wire, counted by the browser.
import { number } from "../support/screens";
import { open } from "../support/ready";
import { expect, test } from "../support/test";

/** Bytes of a first visit at most (docs/performance.md). */
const FIRST_VISIT = 300_000;

test("the dashboard's first visit takes at most 12 requests and stays within its bytes", async ({ page, person }, info) => {
  for (const title of ["One", "Two", "Three"]) await person.hasTask(page, title);
  const network = await page.context().newCDPSession(page);
  await network.send("Network.enable");
  const sizes = new Map<string, number>();
  const encodings = new Map<string, string | undefined>();
  network.on("Network.responseReceived", ({ requestId, response }) => {
    encodings.set(response.url, response.headers["content-encoding"]);
    sizes.set(requestId, 0);
  });
  network.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => sizes.set(requestId, encodedDataLength));
  await open(page, "/dashboard");
  await page.waitForLoadState("networkidle");

  const bytes = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  info.annotations.push({ type: "figures", description: `${sizes.size} requests, ${bytes} bytes` });
  console.log(`the dashboard: ${sizes.size} requests, ${bytes} bytes`);
  for (const [url, encoding] of encodings) {
    if (/\.(wasm|js|css)$/.test(url)) expect(encoding, url).toBe("br");
  }
  expect(sizes.size).toBeLessThanOrEqual(12);
  expect(bytes).toBeLessThan(FIRST_VISIT);
});

test("the dashboard's second visit loads the page and nothing that was kept", async ({ page, person }) => {
  await open(page, "/dashboard");
  const loaded: string[] = [];
  page.on("requestfinished", async (request) => {
    const { responseBodySize } = await request.sizes();
    if (/\/pkg\//.test(request.url()) && responseBodySize > 0) loaded.push(request.url());
  });
  await open(page, "/dashboard");
  expect(loaded).toEqual([]);
});

test("a poll's answer has less than 400 bytes", async ({ page, person }) => {
  for (const title of ["Order new laptops", "Draft the quarterly report", "Plan the offsite", "Call the plumber"]) {
    await person.hasTask(page, title);
  }
  await person.hasCompleted(page, "Renew the certificate");
  await open(page, "/dashboard");
  const answer = await page.waitForResponse("**/rpc/dashboard/read*");
  const { responseBodySize } = await answer.request().sizes();
  console.log(`a poll: ${responseBodySize} bytes (${(await answer.body()).length} unpacked)`);
  expect(responseBodySize).toBeLessThan(400);
  await expect(number(page, "Total")).toHaveText("5");
});
