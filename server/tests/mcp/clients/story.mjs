// Several people's clients at once, each through a task's whole story, by the official TypeScript client.
//   node story.mjs URL MODE TOKEN…      MODE: legacy or auto
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import assert from "node:assert/strict";

const [url, mode, ...tokens] = process.argv.slice(2);

async function story(token, name) {
  const client = new Client(
    { name: "story", version: "1" },
    { capabilities: { elicitation: { form: {} } }, versionNegotiation: { mode } },
  );
  let asked = 0;
  client.setRequestHandler("elicitation/create", async () => {
    asked += 1;
    return { action: "accept", content: {} };
  });
  const headers = { authorization: `Bearer ${token}` };
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
  const call = async (tool, given) => {
    const result = await client.callTool({ name: tool, arguments: given });
    assert.ok(!result.isError, JSON.stringify(result));
    return result.structuredContent;
  };
  // Who could not be asked by a form is asked in text.
  const confirmed = async (tool, given) => {
    const answer = await call(tool, given);
    const confirmation = answer.confirmation_required?.confirmation;
    assert.equal(confirmation === undefined, mode === "auto");
    return confirmation === undefined ? answer.done : (await call(tool, { ...given, confirmation })).done;
  };

  assert.equal((await client.listTools()).tools.length, 15);
  const made = [];
  for (const title of ["first", "second"]) made.push((await call("add_task", { title: `${name} ${title}` })).task);
  const [first, second] = made.map((task) => task.id);
  assert.equal((await call("get_task", { task: `${name} first` })).id, first);
  assert.deepEqual((await call("search_tasks", { query: `${name} second` })).tasks.map((task) => task.id), [second]);
  await call("update_task", { task: first, title: `${name} kept` });
  await confirmed("complete_tasks", { tasks: [first, second] });
  const gone = await confirmed("delete_task", { task: second });
  await call("undo_action", { action_id: gone.action_id });
  await confirmed("delete_task", { task: second });
  const refused = await client.callTool({ name: "get_task", arguments: { task: second } });
  assert.ok(refused.isError);
  const { contents } = await client.readResource({ uri: `task://${first}` });
  assert.match(contents[0].text, new RegExp(`${name} kept`));
  const { messages } = await client.getPrompt({ name: "daily_review", arguments: {} });
  assert.ok(messages.length > 0);
  assert.equal(asked > 0, mode === "auto");
  await client.close();
}

await Promise.all(tokens.flatMap((token, person) => [1, 2, 3].map((turn) => story(token, `ts ${mode} ${person} ${turn}`))));
console.log("done");
