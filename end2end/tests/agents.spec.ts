// What agents do over MCP, as their person sees it and takes it back (G2, G5).
import { Agent } from "../support/agent";
import { open } from "../support/ready";
import { expect, test } from "../support/test";

test("what an agent does is seen as it happens, and can be undone", async ({ page, person }) => {
  const agent = await Agent.of(page);
  await open(page, "/activity");
  await page.getByRole("link", { name: "What agents did" }).click();
  await expect(page.getByText("Agents have done nothing yet")).toBeVisible();

  const { task } = await agent.call("add_task", { title: "Plan <b>the offsite</b>" });
  const added = page.getByRole("listitem").filter({ hasText: "added a task" });
  await expect(added).toContainText("test-agent");
  await expect(added.getByRole("link", { name: "Plan <b>the offsite</b>" })).toBeVisible();
  await agent.call("update_task", { task: task.id, title: "Plan the summer offsite" });
  const changed = page.getByRole("listitem").filter({ hasText: "changed a task" });
  await expect(changed).toContainText("with the token “Robot”");

  await changed.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByText("Undone", { exact: true })).toBeVisible();
  await expect(changed).toContainText("undone");
  await expect(changed.getByRole("button", { name: "Undo" })).toHaveCount(0);
  const title = async () => (await (await page.request.get(`/api/me/tasks/${task.id}`)).json()).title;
  expect(await title()).toBe("Plan <b>the offsite</b>");
  await agent.call("list_tasks", {});
  await page.getByRole("link", { name: "All calls" }).click();
  await expect(page.getByRole("listitem").filter({ hasText: "listed tasks" })).toBeVisible();
  await agent.call("list_teams", {});
  await expect(page.getByRole("listitem").filter({ hasText: "listed teams" })).toBeVisible();
});

test("with whom an agent shared a task is seen", async ({ page, person }) => {
  const agent = await Agent.of(page);
  const { task } = await agent.call("add_task", { title: "Plan" });
  await agent.call("share_task", { task: task.id, with: "new@example.org", permission: "view" });
  await open(page, "/activity/agents");
  await expect(page.getByRole("listitem").filter({ hasText: "shared a task" })).toContainText("with new@example.org");
});

test("what somebody has changed since stays, and the page says why", async ({ page, person }) => {
  const agent = await Agent.of(page);
  const { task } = await agent.call("add_task", { title: "Plan" });
  await page.request.patch(`/api/me/tasks/${task.id}`, { data: { title: "Mine now" } });
  await open(page, "/activity/agents");
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByText(`Somebody has changed task ${task.id} since.`)).toBeVisible();
});

test("everything that an agent did from one call on is undone at once", async ({ page, person }) => {
  const agent = await Agent.of(page);
  const before = await agent.call("add_task", { title: "From before" });
  const tasks = [];
  for (const title of ["One", "Two", "Three"]) tasks.push((await agent.call("add_task", { title })).task.id);
  await agent.confirmed("complete_tasks", { tasks });
  await open(page, "/activity/agents");
  const first = page.getByRole("listitem").filter({ has: page.getByRole("link", { name: "One", exact: true }), hasText: "added" });
  await first.getByRole("link", { name: "And all after it" }).click();
  await expect(page.getByText("did after it?")).toBeVisible();
  await page.getByRole("link", { name: "Keep it" }).click();
  await first.getByRole("link", { name: "And all after it" }).click();
  await page.getByRole("button", { name: "Undo all of it" }).click();
  await expect(page.getByText("Undone", { exact: true })).toBeVisible();
  const left = await (await page.request.get("/api/me/tasks")).json();
  expect(left.map(({ id }: { id: number }) => id)).toEqual([before.task.id]);
});

test("a fresh token comes with what connects an agent", async ({ page, person, baseURL }) => {
  await open(page, "/settings/tokens");
  await page.getByRole("textbox", { name: "Name" }).fill("Agent");
  await page.getByRole("button", { name: "Create token" }).click();
  const secret = await page.getByLabel("Your new token.").inputValue();
  await page.getByText("Connect an agent with it").click();
  const command = await page.getByLabel("Claude Code, in a terminal").inputValue();
  expect(command).toBe(
    `claude mcp add --transport http taskwire ${baseURL}/mcp --header "Authorization: Bearer ${secret}"`,
  );
  const settings = JSON.parse(await page.getByLabel("Cursor and others").inputValue());
  expect(settings.mcpServers.taskwire).toEqual({ url: `${baseURL}/mcp`, headers: { Authorization: `Bearer ${secret}` } });
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("calls are seen and undone, and what stays says why", async ({ page, person }) => {
    const agent = await Agent.of(page);
    const { task } = await agent.call("add_task", { title: "Plan" });
    await agent.call("update_task", { task: task.id, title: "Plot" });
    await page.goto("/activity/agents");
    const changed = page.getByRole("listitem").filter({ hasText: "changed a task" });
    await changed.getByRole("button", { name: "Undo" }).click();
    await expect(page.getByText("Undone", { exact: true })).toBeVisible();
    await page.request.patch(`/api/me/tasks/${task.id}`, { data: { title: "Mine now" } });
    await page.goto("/activity/agents");
    await page.getByRole("listitem").filter({ hasText: "added a task" }).getByRole("button", { name: "Undo" }).click();
    await expect(page.getByText(`Somebody has changed task ${task.id} since.`)).toBeVisible();
  });
});
