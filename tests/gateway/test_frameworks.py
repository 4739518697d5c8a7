"""An agent framework's own client in front of the gateway, unmodified; skipped where it is missing."""

from __future__ import annotations

from typing import Any

import pytest

from tts.backends.fault_server import FaultPlan, FaultServer
from tts.backends.openai_http import HTTPGenerator
from tts.values import Model

WHY = "needs pydantic-ai-slim[openai]"
Agent = pytest.importorskip("pydantic_ai", reason=WHY).Agent
models = pytest.importorskip("pydantic_ai.models.openai", reason=WHY)
providers = pytest.importorskip("pydantic_ai.providers.openai", reason=WHY)


@pytest.mark.parametrize("kind", ["OpenAIChatModel", "OpenAIResponsesModel"])
async def test_a_pydantic_ai_agent_calls_its_tools_through_a_vote(opened: Any, kind: str) -> None:
    async with FaultServer(FaultPlan(calls_tool="weather", words=8)) as server:
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
