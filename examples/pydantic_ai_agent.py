"""An agent of pydantic-ai whose model is a vote behind a gateway, run three times and voted over as a whole.

tts serve --model openai:qwen3-8b --base-url http://localhost:8000/v1
pip install "pydantic-ai-slim[openai]"
python examples/pydantic_ai_agent.py "What is the weather in Oslo?"
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

import tts

GATEWAY = "http://127.0.0.1:8080/v1"


def weather(of: str) -> str:
    """The weather of a city now."""
    return f"It rains in {of}."


def forecaster(url: str, model: str) -> Any:
    """The agent as something that can be drawn."""
    provider = OpenAIProvider(base_url=url, api_key="none")
    agent = Agent(OpenAIChatModel(model, provider=provider), tools=[weather])
    most = tts.AgentSpend(calls=16, prompt_tokens=20_000, completion_tokens=20_000)

    @tts.agent(name="forecaster", most=most)
    async def run(task: tts.AgentTask) -> tts.AgentAnswer:
        found = await agent.run(task.text)
        used = found.usage
        spend = tts.AgentSpend(
            calls=used.requests,
            prompt_tokens=used.input_tokens,
            completion_tokens=used.output_tokens,
        )
        return tts.AgentAnswer(text=found.output, spend=spend)

    return run


async def main(url: str, model: str, question: str) -> tts.Result:
    async with tts.Engine(forecaster(url, model), verifier=None) as engine:
        return await engine.solve(question, strategy="majority_vote(n=3)")


if __name__ == "__main__":
    asked = sys.argv[1] if len(sys.argv) > 1 else "What is the weather in Oslo?"
    result = asyncio.run(main(GATEWAY, "default@majority_vote(n=3)", asked))
    sys.stdout.write(f"{result.answer} ({result.usage.tokens} tokens)\n")
