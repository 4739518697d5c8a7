"""Agent frameworks in front of the gateway, unmodified; each is skipped where it is missing.

The examples are run as they stand, against a gateway on a socket: a run of the agent is a draw, and each
of its turns a request.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.conftest import listening
from tts.backends.fault_server import FaultPlan, FaultServer
from tts.backends.openai_http import HTTPGenerator
from tts.gateway.keys import Key
from tts.values import Model

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
VOTE = "simulated@majority_vote(n=3)"
FIELDS = "[[ ## reasoning ## ]]\nso\n\n[[ ## answer ## ]]\n42"
"""What DSPy reads the fields of an answer from."""


CHILD = """
import asyncio, json, runpy, sys
result = asyncio.run(runpy.run_path(sys.argv[1])["main"](*sys.argv[2:]))
told = [result.stopped_by, result.answer, result.usage.calls, result.usage.completion_tokens]
print(json.dumps(told))
"""
"""Frameworks leave it to the end of the process to close what they opened."""


async def ran(opened: Any, example: str, model: str, plan: FaultPlan, question: str) -> Any:
    """How an example ended, its answer, calls and drawn tokens; and the requests that the model's
    server saw."""
    async with FaultServer(plan) as server:
        generator = HTTPGenerator(Model(name="simulated"), base_url=server.url)
        place = await opened(generator, keys=[Key(name="anybody")])
        async with listening(place.app) as url:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", CHILD, str(EXAMPLES / example), url, model, question),
                stdout=asyncio.subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": str(EXAMPLES.parent)},
            )
            said, _ = await process.communicate()
        return *json.loads(said.splitlines()[-1]), server.record.requests


CALLS = FaultPlan(calls_tool="weather", words=8)


async def test_a_graph_of_langgraph_is_drawn_and_voted_over(opened: Any) -> None:
    pytest.importorskip("langgraph", reason="needs langgraph")
    pytest.importorskip("langchain_openai", reason="needs langchain-openai")
    ended, answer, calls, tokens, requests = await ran(
        opened, "langgraph_agent.py", "simulated", CALLS, "weather in Oslo"
    )
    assert (ended, calls, requests) == ("done", 3 * 2, 3 * 2)
    assert "boxed" in answer or answer.isdigit()
    assert tokens == 3 * 2 * 8


async def test_an_agent_of_pydantic_ai_is_drawn_and_votes_in_each_turn(opened: Any) -> None:
    pytest.importorskip("pydantic_ai.models.openai", reason="needs pydantic-ai-slim[openai]")
    ended, _, calls, tokens, requests = await ran(
        opened, "pydantic_ai_agent.py", VOTE, CALLS, "weather in Oslo"
    )
    assert (ended, calls, requests) == ("done", 3 * 2, 3 * 2 * 3)
    assert tokens == 3 * 2 * 3 * 8


async def test_a_program_of_dspy_is_drawn_and_votes_in_its_call(opened: Any) -> None:
    pytest.importorskip("dspy", reason="needs dspy")
    plan = FaultPlan(says={"[[ ## answer ## ]]": FIELDS})
    ended, answer, calls, tokens, requests = await ran(
        opened, "dspy_program.py", VOTE, plan, "What is six times seven?"
    )
    assert (ended, answer, calls, requests) == ("done", "42", 3, 3 * 3)
    assert tokens == 3 * 3 * len(FIELDS.split())


WHY = "needs pydantic-ai-slim[openai]"


@pytest.mark.parametrize("kind", ["OpenAIChatModel", "OpenAIResponsesModel"])
async def test_a_pydantic_ai_agent_calls_its_tools_through_a_vote(opened: Any, kind: str) -> None:
    Agent = pytest.importorskip("pydantic_ai", reason=WHY).Agent
    models = pytest.importorskip("pydantic_ai.models.openai", reason=WHY)
    providers = pytest.importorskip("pydantic_ai.providers.openai", reason=WHY)
    async with FaultServer(CALLS) as server:
        place = await opened(HTTPGenerator(Model(name="simulated"), base_url=server.url))
        provider = providers.OpenAIProvider(openai_client=place.client)
        agent = Agent(getattr(models, kind)("simulated@majority_vote(n=3)", provider=provider))
        asked: list[str] = []

        @agent.tool_plain
        def weather(of: str) -> str:
            """The weather of a city now."""
            asked.append(of)
            return f"It rains in {of}."

        result = await agent.run("What is the weather in Oslo")
        assert server.record.requests == 6
    assert asked == ["Oslo"]
    assert "boxed" in result.output
    assert result.usage.output_tokens == 6 * 8
