"""Tools and planners that fail in every way they can, short of blocking the event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from tts.errors import BadReply, Unavailable
from tts.eval.bench.simulation import SimulatedPlanner
from tts.protocols import GenerateReply, GenerateRequest, Meter, TextListener
from tts.tools import Tool, ToolSet, tool

LIMIT = 0.1
"""Seconds that one attempt may take."""
_FOREVER = 10.0**6
Script = Callable[[], AsyncIterator[str]]
"""Pieces of a text; what it raises ends the stream."""
PLAN = '1. look(name="a")\n2. look(name="b")\nanswer = $1\n'


def bad_tools() -> ToolSet:
    """One tool per fault, and two that work."""
    return ToolSet([*_raising(), *_hanging(), *_talking(), look, send])


@tool(effect="read")
async def look(name: str) -> str:
    """Works."""
    return name


@tool(effect="irreversible")
async def send(text: str) -> str:
    """Works."""
    return text


def _raising() -> list[Tool]:
    @tool(effect="read")
    async def raises() -> str:
        raise ValueError("no such thing")

    @tool(effect="read")
    def raises_in_its_thread() -> str:
        raise SystemExit(3)

    @tool(effect="read")
    async def cancels_itself() -> str:
        raise asyncio.CancelledError

    @tool(effect="read")
    async def raises_many() -> str:
        raise ExceptionGroup("several", [ValueError("one"), TypeError("two")])

    return [raises, raises_in_its_thread, cancels_itself, raises_many]


def _hanging() -> list[Tool]:
    @tool(effect="read", timeout=LIMIT)
    async def hangs() -> str:
        await asyncio.sleep(_FOREVER)
        return ""

    @tool(effect="read", timeout=LIMIT)
    def hangs_in_its_thread() -> str:
        time.sleep(_FOREVER)
        return ""

    @tool(effect="read", timeout=LIMIT)
    async def ignores_its_cancellation() -> str:
        while True:
            try:
                await asyncio.sleep(_FOREVER)
            except asyncio.CancelledError:
                continue

    @tool(effect="read", timeout=LIMIT)
    async def ignores_everything() -> str:
        while True:
            try:
                await asyncio.sleep(_FOREVER)
            except BaseException:  # noqa: BLE001, S112 — the worst tool there can be
                continue

    return [hangs, hangs_in_its_thread, ignores_its_cancellation, ignores_everything]


def _talking() -> list[Tool]:
    @tool(effect="read")
    async def returns_an_object() -> Any:
        return object()

    @tool(effect="read")
    async def returns_another_type() -> int:
        return "seven"  # type: ignore[return-value]

    @tool(effect="read")
    async def returns_itself() -> Any:
        inside: list[Any] = []
        inside.append(inside)
        return inside

    @tool(effect="read")
    async def returns_no_text() -> Any:
        return "\ud800"

    return [returns_an_object, returns_another_type, returns_itself, returns_no_text]


class BadPlanner(SimulatedPlanner):
    """Says what a script says, the same on every request."""

    name = "bad"

    def __init__(self, script: Script) -> None:
        self.script = script

    async def generate(
        self, request: GenerateRequest, meter: Meter, listener: TextListener | None = None
    ) -> GenerateReply:
        """Say it, piece by piece."""
        text = ""
        async for piece in self.script():
            text += piece
            if listener is not None:
                listener(0, piece)
        return self.written(text)


async def dies_before_its_first_word() -> AsyncIterator[str]:
    raise Unavailable("connection refused")
    yield ""


async def dies_inside_a_call() -> AsyncIterator[str]:
    yield PLAN[:25]
    raise Unavailable("connection reset")


async def raises_what_nobody_expects() -> AsyncIterator[str]:
    yield PLAN[:25]
    raise ZeroDivisionError("a fault of the backend")


async def hangs_inside_a_call() -> AsyncIterator[str]:
    yield PLAN[:25]
    await asyncio.sleep(10**6)


async def hangs_for_ever() -> AsyncIterator[str]:
    await asyncio.sleep(10**6)
    yield ""


async def says_nothing() -> AsyncIterator[str]:
    for _ in ():
        yield ""


async def says_garbage() -> AsyncIterator[str]:
    yield '1. ((([[["$$$ \x00\ud800 answer = = 7\n' * 40


async def never_stops_calling() -> AsyncIterator[str]:
    for number in range(1, 2000):
        yield f'{number}. look(name="{number}")\n'


async def refuses() -> AsyncIterator[str]:
    raise BadReply("I cannot help with that.")
    yield ""


BAD_PLANNERS: dict[str, Script] = {
    script.__name__.replace("_", " "): script
    for script in (
        dies_before_its_first_word,
        dies_inside_a_call,
        raises_what_nobody_expects,
        hangs_inside_a_call,
        hangs_for_ever,
        says_nothing,
        says_garbage,
        never_stops_calling,
        refuses,
    )
}
