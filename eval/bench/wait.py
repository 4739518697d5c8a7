"""A call that takes a given time and brings nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from tts.protocols import Answer, Draw, Meter, OperationSpec, Reply
from tts.values import Usage

ONE = Usage(calls=1)


class Wait:
    """Arguments: (number, seconds, nodes to wait for)."""

    content_type = int
    spec = OperationSpec(
        name="wait", version="1", role="tool", effect="pure", model="", pool="wait"
    )

    def identity(self, args: tuple[Any, ...]) -> Any:
        return args[0]

    def stochastic(self, args: tuple[Any, ...]) -> bool:
        return False

    def worst(self, args: tuple[Any, ...], *, first: bool) -> Usage:
        return ONE

    def foresee(self, args: tuple[Any, ...], text_tokens: int) -> Usage:
        return ONE

    def max_new_tokens(self, args: tuple[Any, ...]) -> int:
        return 0

    def attributed(self, usage: Usage, *, first: bool) -> Usage:
        return usage

    async def perform(self, args: tuple[Any, ...], draws: Sequence[Draw], meter: Meter) -> Answer:
        await asyncio.sleep(args[1])
        return Answer(replies=(Reply(content=args[0], usage=ONE),), billed=ONE)

    def value(self, args: tuple[Any, ...], content: Any, key: str) -> int:
        return int(content)

    def pretend(self, args: tuple[Any, ...], draw: Draw) -> Any:
        return args[0]
