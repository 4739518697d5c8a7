"""What every call that asks a generator has in common, whatever it asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, cast
from weakref import WeakKeyDictionary

from tts.errors import CallError
from tts.protocols import (
    Abort,
    Answer,
    Came,
    Draw,
    GenerateReply,
    GenerateRequest,
    Generator,
    Guide,
    HasDefaults,
    Mark,
    Meter,
    OperationSpec,
    Prefix,
    PromptGenerator,
    Role,
    SelfReporting,
    TextListener,
    charged,
    fields_tokens,
)
from tts.values import Completion, Message, Sampling, Usage

Prompt = tuple[tuple[Message, ...], str]
"""A conversation, and the text of its last turn that is to be continued; often none."""


class GeneratorCall:
    """Asks a generator, and says what that may cost and what it did, in every dimension.

    A subclass states `prompt`, `sampling_of`, `identity`, `value` and `pretend`; it may state
    `foreseen` where the prompt is not known at once, and `most_tokens` and `max_new_tokens` where a
    draw is shorter than its sampling allows, or its value holds no text.

    Usage is unpriced. What a model's size would tell is unknown (None) where the size is, and so is
    device time, which no backend measures; neither is ever 0.
    """

    content_type: Any = Completion
    missing = "The server returned fewer draws than asked for."
    """Why a draw failed that did not come with the others of its request."""
    replicate = 0
    """Which repetition of the whole experiment this is."""

    def __init__(
        self,
        generator: Generator,
        *,
        name: str,
        version: str,
        role: Role,
        coalesce: bool = False,
        shortens: bool = False,
        timeout: float | None = None,
        guide: Guide | None = None,
        streamed: bool = False,
        fields: Mapping[str, Any] | None = None,
    ) -> None:
        """`streamed`: attempts are the subclass's own `perform`, which listens to the text.
        `fields`: further fields of every request."""
        self.generator, self.guide = generator, guide
        self.fields = fields or {}
        self.beside = fields_tokens(self.fields)
        """Tokens that they add to each prompt, at most."""
        own = offers(generator, SelfReporting)
        self.reporting = cast("SelfReporting", generator) if own else None
        """Who says itself what its draws cost; None: that follows from tokens."""
        model = generator.model
        self.spec = OperationSpec(
            name=name,
            version=version,
            role=role,
            effect="pure" if self.reporting is None else self.reporting.effect,
            model=model.name,
            revision=model.revision,
            coalesce=coalesce,
            shortens=shortens and self.reporting is None,
            pool=model.name,
            timeout=timeout,
            prefixes=self.reporting is None,
            gathers=offers(generator, HasDefaults)
            and cast("HasDefaults", generator).defaults.batched,
            prompt=not streamed
            and offers(generator, PromptGenerator)
            and cast("PromptGenerator", generator).prompt,
        )

    # What is asked

    def prompt(self, args: tuple[Any, ...]) -> Prompt:
        """What is sent, once the inputs are there."""
        raise NotImplementedError

    def sampling_of(self, args: tuple[Any, ...]) -> Sampling:
        """How it is drawn."""
        raise NotImplementedError

    def foreseen(self, args: tuple[Any, ...]) -> Prompt:
        """What is known to be sent beside the texts of inputs that are still open."""
        return self.prompt(args)

    def most_tokens(self, args: tuple[Any, ...]) -> int:
        """The most tokens of one draw."""
        return self.sampling_of(args).max_tokens

    def about(self, args: tuple[Any, ...]) -> str:
        """The id of the problem that is put, and nothing else, by which recorded draws are found."""
        return ""

    def request(self, args: tuple[Any, ...], draws: Sequence[Draw]) -> GenerateRequest:
        messages, prefix = self.prompt(args)
        return GenerateRequest(
            messages=messages,
            problem_id=self.about(args),
            prefix=prefix,
            sampling=self.sampling_of(args),
            seeds=tuple(draw.seed for draw in draws),
            indices=tuple(draw.index for draw in draws),
            replicate=self.replicate,
            guide=self.guide,
            fields=self.fields,
        )

    # What the executor wants to know

    def stochastic(self, args: tuple[Any, ...]) -> bool:
        return self.reporting is not None or not self.sampling_of(args).greedy

    def max_new_tokens(self, args: tuple[Any, ...]) -> int:
        return self.most_tokens(args)

    def worst(self, args: tuple[Any, ...], *, first: bool) -> Usage:
        if self.reporting is not None:
            return self.reporting.most
        prompt_tokens = self.generator.count_prompt(*self.prompt(args)) + self.beside
        return self._charged(prompt_tokens, self.most_tokens(args), first=first)

    def foresee(self, args: tuple[Any, ...], text_tokens: int) -> Usage:
        if self.reporting is not None:
            return self.reporting.most
        known = self.generator.count_prompt(*self.foreseen(args)) + self.beside
        return self._charged(known + text_tokens, self.most_tokens(args), first=True)

    def attributed(self, usage: Usage, *, first: bool) -> Usage:
        if self.reporting is not None:
            return usage
        thoughts = usage.reasoning_tokens
        return self._charged(usage.prompt_tokens, usage.completion_tokens, thoughts, first=first)

    def prefixes(self, args: tuple[Any, ...]) -> Iterator[Prefix]:
        """The conversation, and what it was each time the model had said something in it."""
        messages, begun = self.prompt(args)
        yield self._read(messages, begun)
        if begun:
            yield self._read(messages)
        for place in reversed(range(1, len(messages))):
            if messages[place].role == "assistant":
                yield self._read(messages[:place], messages[place].content)
                yield self._read(messages[:place])

    def extended(self, args: tuple[Any, ...], content: Any) -> Mark | None:
        messages, begun = self.prompt(args)
        return hash((messages, (begun + content.text).strip()))

    def _read(self, messages: Sequence[Message], begun: str = "") -> Prefix:
        turns = tuple(messages)
        # The hash stands for the texts: it is looked up several times a call, and keeps none of them.
        return hash((turns, begun.strip())), partial(self.generator.count_prompt, turns, begun)

    async def perform(self, args: tuple[Any, ...], draws: Sequence[Draw], meter: Meter) -> Answer:
        reply = await self.generate(args, draws, meter, meter.hear)
        return reply.answer(self.missing, whole=self.reporting is not None)

    def begin(
        self, args: tuple[Any, ...], draws: Sequence[Draw], meter: Meter, came: Came
    ) -> Abort | None:
        generator = cast("PromptGenerator", self.generator)
        return generator.begin(self.request(args, draws), meter, partial(self._told, came))

    def _told(self, came: Came, reply: GenerateReply | CallError) -> None:
        came(reply if isinstance(reply, CallError) else reply.answer(self.missing))

    async def generate(
        self,
        args: tuple[Any, ...],
        draws: Sequence[Draw],
        meter: Meter,
        listener: TextListener | None,
    ) -> GenerateReply:
        """The generator's reply to one request for all the draws."""
        return await self.generator.generate(self.request(args, draws), meter, listener)

    def _charged(
        self, prompt: int, completion: int, reasoning: int | None = None, *, first: bool
    ) -> Usage:
        """Where draws of one request are billed for one prompt, the first of them carries it."""
        if not first and self.generator.capabilities.bills_prompt_once:
            prompt = 0
        return charged(self.generator.model, prompt, completion, reasoning)


_SEEN: dict[type, WeakKeyDictionary[object, bool]] = {}


def offers(thing: object, protocol: type) -> bool:
    """`isinstance` for a protocol, which is slow and asked of each run: looked at once a thing."""
    seen = _SEEN.setdefault(protocol, WeakKeyDictionary())
    try:
        if thing not in seen:
            seen[thing] = isinstance(thing, protocol)
        return seen[thing]
    except TypeError:  # it cannot be hashed or referred to weakly
        return isinstance(thing, protocol)
