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
    GenerateRequest,
    Generator,
    Guide,
    Meter,
    OperationSpec,
    Reply,
    Role,
    charged,
)
from tts.values import ENDED, Sampling, Usage

_SPARE = 5.0
"""Seconds by which the executor's own limit lies behind this one's."""


class StreamedText(Struct, frozen=True, kw_only=True):
    """A text, and whether it is whole."""

    text: str
    broken: str = ""
    """Why it ends before its end: the stream broke, or the ceiling on tokens was met."""


class StreamedGeneration:
    """Draws one text. Arguments of a call: (messages, sampling).

    Once anybody has heard some of the text, a failure is no longer an error to be retried: what
    was written is the result, with the reason why it ends there.
    """

    content_type = StreamedText

    def __init__(
        self, generator: Generator, *, role: Role, timeout: float, guide: Guide | None = None
    ) -> None:
        self.generator, self.guide, self.timeout = generator, guide, timeout
        self.spec = OperationSpec(
            name=f"write/{role}",
            version="1",
            role=role,
            effect="pure",
            model=generator.model.name,
            revision=generator.model.revision,
            pool=generator.model.name,
            timeout=timeout + _SPARE,
        )

    def identity(self, args: tuple[Any, ...]) -> Any:
        return (args[0], args[1], self.guide)

    def stochastic(self, args: tuple[Any, ...]) -> bool:
        return not args[1].greedy

    def worst(self, args: tuple[Any, ...], *, first: bool) -> Usage:
        prompt = self.generator.count_prompt(args[0], "")
        return charged(self.generator.model, prompt, args[1].max_tokens)

    def foresee(self, args: tuple[Any, ...], text_tokens: int) -> Usage:
        return self.worst(args, first=True)

    def attributed(self, usage: Usage, *, first: bool) -> Usage:
        return charged(
            self.generator.model,
            usage.prompt_tokens,
            usage.completion_tokens,
            usage.reasoning_tokens,
        )

    def max_new_tokens(self, args: tuple[Any, ...]) -> int:
        most: int = args[1].max_tokens
        return most

    async def perform(self, args: tuple[Any, ...], draws: Sequence[Draw], meter: Meter) -> Answer:
        messages, sampling = args
        request = GenerateRequest(
            messages=messages,
            sampling=sampling,
            seeds=(draws[0].seed,),
            indices=(draws[0].index,),
            guide=self.guide,
        )
        heard: list[str] = []
        hear = meter.hear

        def listen(position: int, text: str) -> None:
            text = readable(text)
            heard.append(text)
            if hear is not None:
                hear(position, text)

        try:
            async with asyncio.timeout(self.timeout):
                reply = await self.generator.generate(request, meter, listen if hear else None)
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
        answer = reply.answer("The server returned no text.")
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
