"""A plan by any OpenAI-compatible server, streamed: calls start while the plan is being written.

    python examples/compare_heights.py MODEL http://localhost:8000/v1

With vLLM add `guide="grammar"` to `PlanSettings`: then no unknown tool can be written.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import tts

HEIGHTS = {"Everest": 8849.0, "K2": 8611.0, "Kangchenjunga": 8586.0}


@tts.tool(effect="read", timeout=10, cap=4, seconds=0.5)
async def height(mountain: str) -> float:
    """Height of a mountain in metres.

    Args:
        mountain: its name in English, without "Mount".
    """
    await asyncio.sleep(0.5)
    return HEIGHTS[mountain]


@tts.tool(effect="pure")
def subtract(a: float, b: float) -> float:
    """a minus b."""
    return a - b


@tts.tool(effect="irreversible")
async def send(text: str) -> str:
    """Send a message."""
    return f"sent: {text}"


async def approve(call: Any, arguments: Any) -> bool:
    """Whether a message may go out."""
    answer = await asyncio.to_thread(input, f"{call.tool}({arguments})? [y/N] ")
    return answer.strip().lower() == "y"


async def main(model: str, base_url: str) -> None:
    """Plan, run and show."""
    settings = tts.PlanSettings(approve=approve)
    task = "How much higher is Everest than K2? Send the difference."
    async with tts.Engine(f"openai:{model}", base_url=base_url) as engine:
        done = await engine.solve(
            task, tools=[height, subtract, send], planning=settings, budget="20k tokens"
        )
    sys.stdout.write(f"{done.mermaid()}\n{done.answer} ({done.result.error})\n")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:3]))
