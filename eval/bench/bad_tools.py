"""Tools that misbehave in every way that a tool can, short of blocking the event loop itself."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from tts.tools import Tool, ToolSet, tool

LIMIT = 0.1
"""Seconds that one attempt may take."""
_FOREVER = 10.0**6


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
