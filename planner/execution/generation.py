"""The operation behind a plan: one draw whose text is used while it is still being written."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from tts.errors import CallError
from tts.protocols import (
    Answer,
    Draw,
    GenerateReply,
    Generator,
    Guide,
    Meter,
    Reply,
    Role,
)
from tts.run import GeneratorCall, Prompt
from tts.values import ENDED, Sampling, Usage

_SPARE = 5.0
"""Seconds by which the executor's own limit lies behind this one's."""


class StreamedText(Struct, frozen=True, kw_only=True):
    """A text, and whether it is whole."""

    text: str
    broken: str = ""
    """Why it ends before its end: the stream broke, or the ceiling on tokens was met."""


class StreamedGeneration(GeneratorCall):
    """Draws one text. Arguments of a call: (messages, sampling).

    Once anybody has heard some of the text, a failure is no longer an error to be retried: what
    was written is the result, with the reason why it ends there.
    """

    content_type = StreamedText
    missing = "The server returned no text."

    def __init__(
        self, generator: Generator, *, role: Role, timeout: float, guide: Guide | None = None
    ) -> None:
        super().__init__(
            generator,
            name=f"write/{role}",
            version="1",
            role=role,
            timeout=timeout + _SPARE,
            guide=guide,
            streamed=True,
        )
        self.timeout = timeout

    def identity(self, args: tuple[Any, ...]) -> Any:
        return (args[0], args[1], self.guide)

    def prompt(self, args: tuple[Any, ...]) -> Prompt:
        return args[0], ""

    def sampling_of(self, args: tuple[Any, ...]) -> Sampling:
        sampling: Sampling = args[1]
        return sampling

    async def perform(self, args: tuple[Any, ...], draws: Sequence[Draw], meter: Meter) -> Answer:
        heard: list[str] = []
        hear = meter.hear

        def listen(position: int, text: str) -> None:
            text = readable(text)
            heard.append(text)
            if hear is not None:
                hear(position, text)

        try:
            async with asyncio.timeout(self.timeout):
                reply = await self.generate(args, draws, meter, listen if hear else None)
        except (CallError, TimeoutError) as error:
            if not heard:
                raise
            return self._broken("".join(heard), error, self.worst(args, first=True), meter)
        return self._answer(reply)

    def value(self, args: tuple[Any, ...], content: Any, key: str) -> Any:
        return content

    def pretend(self, args: tuple[Any, ...], draw: Draw) -> Any:
        return StreamedText(text="join()\n")

    def _answer(self, reply: GenerateReply) -> Answer:
        answer = reply.answer(self.missing)
        drawn = answer.replies[0]
        if isinstance(drawn, CallError):
            raise drawn
        reason = drawn.content.finish_reason
        broken = "" if reason in ENDED else f"it ended by {reason}"
        written = StreamedText(text=readable(drawn.content.text), broken=broken)
        return replace(answer, replies=(replace(drawn, content=written),))

    def _broken(self, text: str, error: Exception, worst: Usage, meter: Meter) -> Answer:
        reason = str(error) or f"no end within {self.timeout:g} s"
        usage = meter.usage or worst
        written = StreamedText(text=text, broken=f"{type(error).__name__}: {reason}")
        reply = Reply(content=written, usage=usage, degraded="broken stream")
        return Answer(replies=(reply,), billed=usage)


def readable(text: str) -> str:
    """The text with a question mark for every half of a surrogate pair: no journal holds those."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def plan_sampling(temperature: float, max_tokens: int) -> Sampling:
    """The sampling of plans and decisions."""
    return Sampling(temperature=temperature, max_tokens=max_tokens)
