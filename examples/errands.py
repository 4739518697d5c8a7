"""A plan written by a model that ships with the package: no key, no server, a second or two.

python examples/errands.py
"""

from __future__ import annotations

import asyncio
import sys

import tts

PRICES = {"pear": 0.4, "plum": 0.25, "bread": 3.2}


@tts.tool(effect="read", timeout=5)
async def price(item: str) -> float:
    """What one of something costs."""
    await asyncio.sleep(0.3)
    return PRICES[item]


@tts.tool(effect="pure")
def multiply(a: float, b: float) -> float:
    """a times b."""
    return a * b


@tts.tool(effect="pure")
def add(a: float, b: float) -> float:
    """a plus b."""
    return a + b


@tts.tool(effect="pure")
def subtract(a: float, b: float) -> float:
    """a minus b."""
    return a - b


@tts.tool(effect="pure")
def average(values: list[float]) -> float:
    """The mean."""
    return sum(values) / len(values)


TOOLS = (price, multiply, add, subtract, average)


async def main(task: str) -> None:
    """Plan, run and show."""
    async with tts.Engine("embedded:planner") as engine:
        done = await engine.solve(task, tools=TOOLS)
        sys.stdout.write(f"{done.mermaid()}\nanswer {done.answer}, {done.result.error}\n")
        report = done.report
        sys.stdout.write(
            f"{report.makespan:.2f} s, at least {report.lower_bound:.2f} s, bounded by "
            f"{report.bounded_by} ({report.detail})\n"
        )


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1] if sys.argv[1:] else "What do 3 pear and 4 plum cost?"))
