"""A model whose calls cost what is wanted."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tts.protocols import GenerateReply, GenerateRequest, Meter, TextListener
from tts.values import Capabilities, Completion, Message, Model, Usage

PROMPT = 20
"""Tokens of every prompt."""


class MeteredGenerator:
    """Answers after some milliseconds, with `reply_tokens` tokens and always an answer."""

    model = Model(name="metered", parameters=0)
    capabilities = Capabilities(seed=True, keeps_stop=True)

    def __init__(self, reply_tokens: int, *, seconds: float = 0.005) -> None:
        self.reply_tokens, self.seconds = reply_tokens, seconds
        self.sent = 0

    def count_prompt(self, messages: Sequence[Message], prefix: str) -> int:
        return PROMPT

    async def generate(
        self, request: GenerateRequest, meter: Meter, listener: TextListener | None = None
    ) -> GenerateReply:
        self.sent += 1
        await asyncio.sleep(self.seconds)
        tokens = min(self.reply_tokens, request.sampling.max_tokens)
        answer = Completion(
            text="So it is \\boxed{42}.", finish_reason="stop", completion_tokens=tokens
        )
        usage = Usage(calls=1, prompt_tokens=PROMPT, completion_tokens=tokens, flops=0)
        return GenerateReply(completions=(answer,), usage=usage)

    async def close(self) -> None:
        return None
