"""Several people's clients at once, each through a task's whole story, by the official Python client.

python story.py URL MODE TOKEN…      MODE: legacy or auto
"""

import asyncio
import sys

import httpx2
from mcp import Client, types
from mcp.client.streamable_http import streamable_http_client

url, mode, *tokens = sys.argv[1:]


async def story(token: str, name: str) -> None:
    asked = 0

    async def accept(_context, _params) -> types.ElicitResult:
        nonlocal asked
        asked += 1
        return types.ElicitResult(action="accept", content={})

    headers = {"authorization": f"Bearer {token}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=60) as http,
        Client(streamable_http_client(url, http_client=http), mode=mode, elicitation_callback=accept) as client,
    ):

        async def call(tool: str, given: dict) -> dict:
            result = await client.call_tool(tool, given)
            assert not result.is_error, result
            return result.structured_content

        # Who could not be asked by a form is asked in text.
        async def confirmed(tool: str, given: dict) -> dict:
            answer = await call(tool, given)
            question = answer.get("confirmation_required")
            assert (question is None) == (mode == "auto"), answer
            if question is None:
                return answer["done"]
            return (await call(tool, given | {"confirmation": question["confirmation"]}))["done"]

        assert len((await client.list_tools()).tools) == 15
        first, second = [
            (await call("add_task", {"title": f"{name} {title}"}))["task"]["id"] for title in ("first", "second")
        ]
        assert (await call("get_task", {"task": f"{name} first"}))["id"] == first
        found = await call("search_tasks", {"query": f"{name} second"})
        assert [task["id"] for task in found["tasks"]] == [second]
        await call("update_task", {"task": first, "title": f"{name} kept"})
        await confirmed("complete_tasks", {"tasks": [first, second]})
        gone = await confirmed("delete_task", {"task": second})
        await call("undo_action", {"action_id": gone["action_id"]})
        await confirmed("delete_task", {"task": second})
        assert (await client.call_tool("get_task", {"task": second})).is_error
        contents = (await client.read_resource(f"task://{first}")).contents
        assert f"{name} kept" in contents[0].text
        assert (await client.get_prompt("daily_review", {})).messages
        assert (asked > 0) == (mode == "auto")


async def main() -> None:
    async with asyncio.TaskGroup() as group:
        for person, token in enumerate(tokens):
            for turn in range(3):
                group.create_task(story(token, f"py {mode} {person} {turn}"))


asyncio.run(main())
print("done")
