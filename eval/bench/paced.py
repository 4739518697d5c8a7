"""A planner that writes a given text at a given pace, and tools that take a given time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tts.protocols import GenerateReply, GenerateRequest, Meter, TextListener
from tts.values import Capabilities, Completion, Message, Model, Usage

PIECE = 4
"""Characters that come at once."""


class Paced:
    """Answers with the next text; each takes its seconds from first to last character."""

    def __init__(self, turns: Sequence[tuple[str, float]], *, streams: bool = True) -> None:
        self.turns, self.streams = list(turns), streams

    @property
    def model(self) -> Model:
        return Model(name="paced", parameters=0)

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities()

    def count_prompt(self, messages: Sequence[Message], prefix: str) -> int:
        return 1

    async def generate(
        self, request: GenerateRequest, meter: Meter, listener: TextListener | None = None
    ) -> GenerateReply:
        """Write the next text."""
        text, seconds = self.turns.pop(0)
        pieces = [text[i : i + PIECE] for i in range(0, len(text), PIECE)]
        for piece in pieces:
            await asyncio.sleep(seconds / len(pieces))
            if listener is not None and self.streams:
                listener(0, piece)
        return GenerateReply(
            completions=(Completion(text=text, finish_reason="stop"),), usage=Usage(calls=1)
        )

    async def close(self) -> None:
        return None
