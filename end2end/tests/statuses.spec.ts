// What machines are told about pages.
import { call } from "../support/person";
import { expect, test } from "../support/test";

const HTML = { accept: "text/html" };

test("pages say the right status", async ({ page, person }) => {
  const { request } = page;
  const task = await person.hasTask(page, "Something");
  const status = async (path: string) => (await request.get(path, { headers: HTML, maxRedirects: 0 })).status();
  for (const path of ["/dashboard", "/tasks", `/tasks/${task.id}`, "/settings", "/sign-in", "/sign-up"]) {
    expect(await status(path), path).toBe(200);
  }
  for (const path of ["/nowhere", "/tasks/999999999", "/tasks/not-a-number", "/pkg/none.js", "/dashboard/deeper"]) {
    expect(await status(path), path).toBe(404);
  }
  expect(await status("/")).toBe(302);
});

test("somebody who is not signed in is sent to sign-in by pages, and refused by calls", async ({ request }) => {
  for (const path of ["/dashboard", "/tasks?q=a%20b", "/tasks/1", "/settings"]) {
    const answer = await request.get(path, { headers: HTML, maxRedirects: 0 });
    expect(answer.status(), path).toBe(302);
    expect(new URL(answer.headers().location, "http://here").searchParams.get("next"), path).toBe(path);
  }
  expect((await request.get("/rpc/dashboard/read")).status()).toBe(401);
  expect((await call(request, "task/create", { title: "Not mine" })).status()).toBe(401);
});

test("a stranger who is lost is not offered what only members have", async ({ request, page, person }) => {
  expect(await (await request.get("/nowhere", { headers: HTML })).text()).not.toContain("Sign out");
  expect(await (await page.request.get("/nowhere", { headers: HTML })).text()).toContain("Sign out");
});

test("a form from another site is refused", async ({ page, person }) => {
  const answer = await page.request.post("/rpc/task/create", {
    form: { title: "Planted" },
    headers: { ...HTML, origin: "https://evil.example", "sec-fetch-site": "cross-site" },
  });
  expect(answer.status()).toBe(403);
  expect(await answer.text()).toContain("This request came from another site");
  expect(await (await page.request.get("/tasks")).text()).not.toContain("Planted");
});

test("every answer says how long it took and forbids what a page does not need", async ({ request }) => {
  const { headers } = { headers: (await request.get("/sign-in")).headers() };
  expect(headers["x-response-time"]).toMatch(/^[\d.]+ms$/);
  expect(headers["server-timing"]).toMatch(/^total;dur=[\d.]+, db;dur=[\d.]+$/);
  expect(headers["content-security-policy"]).toMatch(/script-src 'nonce-[^']+' 'strict-dynamic' 'wasm-unsafe-eval'/);
  expect(headers["x-frame-options"]).toBe("DENY");
  expect(headers["cache-control"]).toContain("no-store");
});
