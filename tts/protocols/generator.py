"""Where completions come from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

from msgspec import Struct

from tts.errors import BadReply
from tts.protocols.operation import Answer, Meter, Reply
from tts.values import Capabilities, Completion, Message, Model, Sampling, Usage

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


class GenerateReply(Struct, frozen=True, kw_only=True):
    """The draws of one request, in order; None where the server returned fewer than asked."""

    completions: tuple[Completion | None, ...]
    usage: Usage
    """Of the whole request, as billed; `calls` is 1."""
    server_price: bool = False
    """`usage.nanodollars` was reported by the server itself."""
    estimated: bool = False
    """The server reported no usage; the counts are the tokenizer's or an upper bound."""

    def answer(self, missing: str) -> Answer:
        """Each draw with its whole prompt and its own tokens; `missing` words one that is not
        there. Every operation over a generator answers so, whatever it asks for."""
        replies = [
            BadReply(missing)
            if one is None
            else Reply(
                content=one,
                usage=Usage(
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
