"""The generator over a model that this process runs itself."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tts.backends.embedded.decoder import Decoder, Scheduler
from tts.backends.embedded.draw import Draw, PendingDraw
from tts.backends.embedded.model import EmbeddedModel, scorer_of
from tts.errors import BadInput, BadRequest
from tts.protocols import Defaults, GenerateReply, GenerateRequest, Meter, TextListener
from tts.values import Capabilities, Completion, Message, Model, Usage

LONG, SHORT = 160, 24
"""Tokens of a draw: of a solution in steps, of an answer or a line."""
DAY = 86_400.0
"""Seconds for an answer: calls queue here, and a thread of this process never falls silent."""
_CAPABILITIES = Capabilities(
    n=True,
    prefill=True,
    logprobs=True,
    seed=True,
    keeps_stop=True,
)


class EmbeddedGenerator:
    """Draws from an embedded model, batched with every other request to it.

    A draw depends on its prompt, sampling and seed alone, up to float rounding.
    """

    def __init__(
        self,
        embedded: EmbeddedModel,
        *,
        rows: int = 64,
        prefix_tokens: int = 8192,
        tokens: int | None = None,
        defaults: Defaults | None = None,
    ) -> None:
        """`rows`: the most draws in one batch. `prefix_tokens`: how many tokens of recent texts
        are kept for prompts that continue them (4 KiB each for the small model). `tokens`: the
        most of all draws of a batch, None: the whole context of each. `defaults`: what suits the
        model, None: what suits the shipped ones."""
        self._embedded = embedded
        self._defaults = defaults or _shipped(embedded.model.name.removeprefix("embedded:"))
        decoder = Decoder(embedded.transformer, embedded.tokenizer, rows, prefix_tokens, tokens)
        self._scheduler = Scheduler(decoder, embedded.model.name)

    @property
    def model(self) -> Model:
        """Name, weights digest, size and context."""
        return self._embedded.model

    @property
    def capabilities(self) -> Capabilities:
        """Everything but reasoning."""
        return _CAPABILITIES

    @property
    def defaults(self) -> Defaults:
        """What suits the model where the user says nothing."""
        return self._defaults

    def count_prompt(self, messages: Sequence[Message], prefix: str) -> int:
        """The exact number of prompt tokens."""
        return len(self._embedded.tokenizer.encode_chat(messages, prefix))

    async def generate(
        self, request: GenerateRequest, meter: Meter, listener: TextListener | None = None
    ) -> GenerateReply:
        """Draw; cancelling it frees the rows before the next step.

        Raises ContextTooLong, BadRequest where the chat template refuses the conversation, or
        Unavailable where the runtime failed or was closed.
        """
        try:
            prompt = tuple(self._embedded.tokenizer.encode_chat(request.messages, request.prefix))
        except BadInput as error:
            raise BadRequest(str(error)) from error
        self._embedded.check_length(len(prompt) + request.sampling.max_tokens)
        pending = [PendingDraw(position, listener) for position in range(len(request.seeds))]
        draws = [
            Draw(prompt, request.sampling, seed, observer)
            for seed, observer in zip(request.seeds, pending, strict=True)
        ]
        try:
            self._scheduler.submit(draws)
            await asyncio.gather(*(one.done for one in pending))
        finally:
            for draw in draws:
                draw.cancelled = True
            meter.usage = self._usage(draws)
        return GenerateReply(
            completions=tuple(_completion(draw) for draw in draws), usage=meter.usage
        )

    async def close(self) -> None:
        """End the decoding thread."""
        await asyncio.to_thread(self._scheduler.close)

    def _usage(self, draws: Sequence[Draw]) -> Usage:
        prompt = len(draws[0].prompt) if draws else 0
        drawn = sum(len(draw.tokens) for draw in draws)
        cached = min((draw.cached for draw in draws), default=0)
        return Usage(
            calls=1,
            prompt_tokens=prompt,
            cached_prompt_tokens=cached,
            completion_tokens=drawn,
            flops=self._embedded.flops(prompt - cached + drawn),
            gpu_microseconds=None,
        )


def _shipped(name: str) -> Defaults:
    """Short draws and the model's own reward model; nothing here refuses a call."""
    return Defaults(
        max_tokens=SHORT if name == "reader" else LONG,
        verifier=f"embedded:{scorer_of(name)}",
        sheds_load=False,
        slowest=DAY,
        task_only=name == "planner",
    )


def _completion(draw: Draw) -> Completion:
    return Completion(
        text=draw.text,
        finish_reason=draw.finish_reason or "length",
        stop=draw.stop,
        completion_tokens=len(draw.tokens),
        token_ids=tuple(draw.tokens),
        logprobs=tuple(draw.logprobs),
    )
