"""Planners that fail in every way that a stream can fail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

from tts.errors import BadReply, Unavailable
from tts.protocols import GenerateReply, GenerateRequest, Meter, TextListener
from tts.values import Capabilities, Completion, Message, Model, Usage

Script = Callable[[], AsyncIterator[str]]
"""Pieces of a text; what it raises ends the stream."""
PLAN = '1. look(name="a")\n2. look(name="b")\nanswer = $1\n'


class BadPlanner:
    """Says what a script says, the same on every request."""

    def __init__(self, script: Script) -> None:
        self.script = script

    @property
    def model(self) -> Model:
        return Model(name="bad", parameters=0)

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities()

    def count_prompt(self, messages: Sequence[Message], prefix: str) -> int:
        return 1

    async def generate(
        self, request: GenerateRequest, meter: Meter, listener: TextListener | None = None
    ) -> GenerateReply:
        """Say it, piece by piece."""
        text = ""
        async for piece in self.script():
            text += piece
            if listener is not None:
                listener(0, piece)
        completion = Completion(text=text, finish_reason="stop")
        return GenerateReply(completions=(completion,), usage=Usage(calls=1))

    async def close(self) -> None:
        return None


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
