"""Where completions come from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Protocol, runtime_checkable

import msgspec
from msgspec import Struct

from tts.errors import BadReply, CallError
from tts.protocols.operation import Abort, Answer, Effect, Meter, Reply
from tts.values import (
    Candidate,
    Capabilities,
    Completion,
    Dimension,
    Message,
    Model,
    Problem,
    RecordedVerdict,
    Sampling,
    Usage,
)

TextListener = Callable[[int, str], None]
"""Called with (draw position in the request, new text) as a streamed answer grows."""


class Guide(Struct, frozen=True):
    """What a draw has to conform to, for servers that decode under guidance."""

    kind: Literal["json", "grammar"]
    content: str
    """A JSON schema as text, or a grammar in GBNF."""


class GenerateRequest(Struct, frozen=True, kw_only=True):
    """One request for one or several draws of one prompt."""

    messages: tuple[Message, ...]
    problem_id: str = ""
    """Of the problem that the messages put, and nothing else; recorded samples go by it."""
    prefix: str = ""
    """Text of the assistant's turn so far, to be continued; it is not repeated in the reply."""
    sampling: Sampling
    seeds: tuple[int, ...]
    """One per draw; as many draws as seeds."""
    indices: tuple[int, ...] = ()
    """One per draw: which of its prompt's draws it is; recorded and scripted samples go by it."""
    replicate: int = 0
    """Which repetition of the whole experiment this draw belongs to."""
    guide: Guide | None = None
    """None: free text. A backend that cannot guide its decoding leaves it out."""
    fields: Mapping[str, Any] = {}
    """Further fields of the API's request; a backend that `takes_fields` sends them on."""


class GenerateReply(Struct, frozen=True, kw_only=True):
    """The draws of one request, in order; None where the server returned fewer than asked."""

    completions: tuple[Completion | None, ...]
    usage: Usage
    """Of the whole request, as billed; `calls` is 1."""
    server_price: bool = False
    """`usage.nanodollars` was reported by the server itself."""
    estimated: bool = False
    """The server reported no usage; the counts are the tokenizer's or an upper bound."""
    absent: str = ""
    """Why a draw is None, where one is and the backend knows."""

    def answer(self, missing: str, *, whole: bool = False) -> Answer:
        """Each draw with its whole prompt and its own tokens; `missing` words one that is not
        there. Every operation over a generator answers so, whatever it asks for.

        `whole`: the usage is one draw's, who said itself what it cost.
        """
        replies = [
            BadReply(self.absent or missing)
            if one is None
            else Reply(
                content=one,
                usage=self.usage
                if whole
                else Usage(
                    calls=1,
                    prompt_tokens=self.usage.prompt_tokens,
                    completion_tokens=one.completion_tokens,
                    reasoning_tokens=one.reasoning_tokens,
                ),
                degraded="estimated" if self.estimated or one.estimated else "",
            )
            for one in self.completions
        ]
        return Answer(replies=tuple(replies), billed=self.usage, server_price=self.server_price)


SHOWN = frozenset({"tools", "tool_choice", "response_format"})
"""The further fields that servers write into the prompt."""
SHOWN_TOKENS = 512
"""Tokens by which a server's template may introduce them, at most."""


def fields_tokens(fields: Mapping[str, Any]) -> int:
    """Tokens that further fields add to a prompt, at most: a token has at least one byte."""
    shown = {name: value for name, value in fields.items() if name in SHOWN}
    return len(msgspec.json.encode(shown)) + SHOWN_TOKENS if shown else 0


def charged(model: Model, prompt: int, completion: int = 0, reasoning: int | None = None) -> Usage:
    """What a call of a model over so many tokens is charged, unpriced.

    Without `reasoning` it is a worst case: any token that is drawn may be a thought. Device time
    is unknown, since no backend measures it.
    """
    size = model.parameters
    return Usage(
        calls=1,
        prompt_tokens=prompt,
        completion_tokens=completion,
        reasoning_tokens=completion if reasoning is None else reasoning,
        flops=None if size is None else 2 * size * (prompt + completion),
        gpu_microseconds=None,
    )


class Generator(Protocol):
    """A model that writes text. Errors leave it as `tts.errors.CallError` and nothing else."""

    @property
    def model(self) -> Model: ...

    @property
    def capabilities(self) -> Capabilities: ...

    def count_prompt(self, messages: Sequence[Message], prefix: str) -> int:
        """Prompt tokens: exact with a tokenizer at hand, otherwise an upper bound."""
        ...

    async def generate(
        self, request: GenerateRequest, meter: Meter, listener: TextListener | None = None
    ) -> GenerateReply:
        """Draw. Cancelling the coroutine aborts the request on the other side."""
        ...

    async def close(self) -> None: ...


Drawn = Callable[[GenerateReply | CallError], None]
"""Called once, from the event loop and not before `begin` has returned."""


class Defaults(Struct, frozen=True, kw_only=True):
    """What suits a generator where the user says nothing."""

    max_tokens: int | None = None
    """Most completion tokens of a draw; None: by its context."""
    verifier: str = ""
    """Name of the verifier that stands beside it; empty: none."""
    sheds_load: bool = True
    """Whether it may refuse calls for their number, so that those in flight adapt."""
    most_in_flight: int | None = None
    """Calls that are answered at once: further ones would queue there while their time runs. None:
    nobody says."""
    batched: bool = False
    """Its calls travel by the file, so as many as there are should be asked at once; at half price."""
    slowest: float = 0.0
    """Seconds that an answer may take by the nature of its way."""
    task_only: bool = False
    """It writes plans from a task alone: it was taught no further instructions."""


@runtime_checkable
class HasDefaults(Protocol):
    """A generator that says what suits it."""

    @property
    def defaults(self) -> Defaults: ...


def defaults_of(generator: Generator) -> Defaults:
    """What suits a generator by its own word; where it says nothing, what suits any server's."""
    return generator.defaults if isinstance(generator, HasDefaults) else Defaults()


@runtime_checkable
class SelfReporting(Generator, Protocol):
    """A generator whose draws say themselves what they cost, such as an agent: nobody sees its calls.

    A draw is one run, cannot be shortened or closed, and no two are the same.
    """

    @property
    def most(self) -> Usage:
        """What one draw may cost at most, as it was declared; None where nobody knows."""
        ...

    @property
    def uncounted(self) -> frozenset[Dimension]:
        """Dimensions that nobody counts: a ceiling in one of them is refused."""
        ...

    @property
    def effect(self) -> Effect:
        """What repeating a draw may do."""
        ...

    @property
    def task(self) -> str:
        """How its answers are read where a problem is given as a text."""
        ...


@runtime_checkable
class TakesFields(Protocol):
    """A generator that says whether `GenerateRequest.fields` reach its model."""

    @property
    def takes_fields(self) -> bool: ...


def takes_fields(generator: Generator) -> bool:
    """Whether tools, response formats and the like reach the model; false where it says nothing."""
    return isinstance(generator, TakesFields) and generator.takes_fields


@runtime_checkable
class PromptGenerator(Generator, Protocol):
    """A generator that can draw without a coroutine, and whose cancelled draws end at once."""

    @property
    def prompt(self) -> bool:
        """Whether it can, the way it was made."""
        ...

    def begin(self, request: GenerateRequest, meter: Meter, drawn: Drawn) -> Abort | None:
        """Send a request; returns what aborts it. None: nothing was sent, use `generate`.

        Raises `CallError` for what cannot be asked.
        """
        ...


@runtime_checkable
class RecordedGenerator(Generator, Protocol):
    """A generator whose every draw is known beforehand: it draws nothing that is not recorded.

    Temperature and the like change nothing about its draws, and it cannot continue a text.
    """

    @property
    def longest(self) -> int:
        """Tokens of the longest recorded draw."""
        ...

    @property
    def cautions(self) -> tuple[str, ...]:
        """What is missing from the record, as sentences for a report."""
        ...

    def most_tokens(self, problem: Problem) -> int:
        """Completion tokens of the longest draw that was recorded for a problem."""
        ...

    def short_of(self, n: int) -> str:
        """What is missing where `n` draws of each problem are asked for; empty: nothing."""
        ...

    def verdict(
        self, problem: Problem, chosen: Candidate | None, seen: Sequence[Candidate]
    ) -> RecordedVerdict | None:
        """What was recorded of a run's answer, for its grader; None: compare it yourself.

        `problem` holds its reference, `seen` every candidate of the run.
        """
        ...
