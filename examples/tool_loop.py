"""A tool loop over the plain OpenAI client, as agent frameworks have one inside; through a gateway each
of its turns is a vote, and nothing in the loop knows.

tts serve --model openai:qwen3-8b --base-url http://localhost:8000/v1
python examples/tool_loop.py "What is the weather in Oslo?"
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from openai import AsyncOpenAI

GATEWAY = "http://127.0.0.1:8080/v1"
TOOLS: Any = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "description": "The weather of a city now.",
            "parameters": {
                "type": "object",
                "properties": {"of": {"type": "string"}},
                "required": ["of"],
            },
        },
    }
]


def weather(of: str) -> str:
    return f"It rains in {of}."


async def run(client: AsyncOpenAI, model: str, question: str, turns: int = 4) -> tuple[str, int]:
    """The answer, and the tokens that all turns took with every hidden draw."""
    messages: list[Any] = [{"role": "user", "content": question}]
    spent = 0
    for _ in range(turns):
        reply = await client.chat.completions.create(model=model, messages=messages, tools=TOOLS)
        spent += reply.usage.total_tokens if reply.usage else 0
        turn = reply.choices[0].message
        if not turn.tool_calls:
            return turn.content or "", spent
        messages.append(turn.model_dump(exclude_none=True))
        for call in turn.tool_calls:
            told = weather(**json.loads(call.function.arguments))
            messages.append({"role": "tool", "tool_call_id": call.id, "content": told})
    return "", spent


async def main(question: str) -> None:
    async with AsyncOpenAI(base_url=GATEWAY, api_key="none") as client:
        model = (await client.models.list()).data[0].id
        told, spent = await run(client, f"{model}@majority_vote(n=3)", question)
    sys.stdout.write(f"{told} ({spent} tokens)\n")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if len(sys.argv) > 1 else "What is the weather in Oslo?"))
