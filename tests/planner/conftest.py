"""Plans at work in the laboratory: scripted planners, tools that misbehave, time that jumps."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tts.planner import PlanSettings, PlanStrategy
from tts.planner.execution import PlanRun
from tts.tools import Tool, ToolSet, tool


class Workshop:
    """Tools that note what they were asked; `solve` runs a scripted planner's plan."""

    def __init__(self, lab: Any) -> None:
        self.lab = lab
        self.made: list[tuple[str, Any]] = []
        self.events: list[Any] = []
        self.plan_runs: list[PlanRun] = []

    def noted(self, name: str, value: Any) -> None:
        self.made.append((name, value))

    def tools(self, *more: Tool) -> ToolSet:
        workshop = self

        @tool(effect="read", seconds=1)
        async def look(name: str) -> dict[str, float]:
            """Height of a mountain."""
            workshop.noted("look", name)
            await asyncio.sleep(1.0)
            return {"height": float(len(name))}

        @tool(effect="pure")
        async def add(a: float, b: float) -> float:
            workshop.noted("add", (a, b))
            return a + b

        @tool(effect="irreversible")
        async def send(text: str) -> str:
            workshop.noted("send", text)
            return f"sent {text}"

        @tool(effect="read", timeout=3)
        async def hang(name: str = "") -> str:
            workshop.noted("hang", name)
            await asyncio.sleep(10**6)
            return "never"

        @tool(effect="read")
        async def fail(name: str = "") -> str:
            workshop.noted("fail", name)
            raise ValueError("no such mountain")

        @tool(effect="read", timeout=2)
        async def deaf() -> str:
            while True:
                try:
                    await asyncio.sleep(50)
                except asyncio.CancelledError:
                    workshop.noted("deaf", "ignored")

        @tool(effect="read")
        async def garbage() -> int:
            return object()  # type: ignore[return-value]

        @tool(effect="read")
        async def rows(n: int) -> list[dict[str, str]]:
            return [{"id": f"r{i}"} for i in range(n)]

        return ToolSet([look, add, send, hang, fail, deaf, garbage, rows, *more])

    def strategy(self, *more: Tool, **settings: Any) -> PlanStrategy:
        chosen = PlanSettings(tell=self.events.append, **settings)
        return PlanStrategy(self.tools(*more), settings=chosen, keep=self.plan_runs.append)

    def solve(self, *texts: str, generator: Any = None, **how: Any) -> Any:
        """Run plan, patches and decisions as given, in simulated time; returns the result."""
        settings = {name: how.pop(name) for name in list(how) if name in _SETTINGS}
        strategy = self.strategy(*how.pop("more", ()), **settings)
        writer = generator or self.lab.words(in_turn(*texts))
        return self.lab.run(self.lab.solve(strategy, writer, **how))

    def asked(self, name: str) -> list[Any]:
        return [value for made, value in self.made if made == name]


_SETTINGS = frozenset(PlanSettings.__dataclass_fields__)


def in_turn(*texts: str) -> Callable[..., str]:
    """A script that says one text per request."""
    left = list(texts)

    def say(messages: Any, prefix: str, index: int) -> str:
        return left.pop(0)

    return say


@pytest.fixture
def workshop(lab: Any) -> Workshop:
    return Workshop(lab)
