"""One drawn text, whole and as it grows."""

from __future__ import annotations

from typing import Literal, Self

from msgspec import Struct

FinishReason = Literal[
    "stop",
    "length",
    "unknown",
    "content_filter",
    "refusal",
    "reasoning_only",
    "tool_calls",
]
"""How a draw ended.

`stop`: by a stop string or the end of the sequence. `length`: cut by max_tokens. `unknown`: the
whole draw came and the server did not say why it ended; its answer counts. The others hold no
answer: withheld by a filter, refused by the model, thoughts without a text, a call of tools.
"""

ENDED: frozenset[FinishReason] = frozenset({"stop", "unknown"})
"""The ends of a draw that was not cut and whose text may hold an answer."""


class TokenLogprob(Struct, frozen=True, array_like=True, gc=False):
    """A chosen token, its log-probability and those of its best alternatives."""

    token: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()

    @property
    def confidence(self) -> float | None:
        """Minus the mean log-probability of the best alternatives (Fu et al. 2025, section 3.1).

        Higher where the distribution is more peaked; None where no alternatives were reported.
        """
        return -sum(value for _, value in self.top) / len(self.top) if self.top else None


class Recording(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Which recorded sample a draw is, and where its answer stands."""

    model: str
    row: int
    """Its place among the model's rows."""
    answer: str | None = None
    told: Literal["row", "text", "nowhere"] = "row"
    """Of the answer: `row`: as recorded, None where there was none; `text`: the text has to be
    read for it; `nowhere`: neither was recorded, so it is unknown."""


class Completion(Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One drawn text and how it ended."""

    text: str
    """The stop string, where one ended the draw, is part of the text."""
    finish_reason: FinishReason
    stop: str | None = None
    """The stop string that ended the draw; None means end of sequence, or not reported."""
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    """Included in `completion_tokens`."""
    reasoning: str | None = None
    """The thoughts of a reasoning model, where the backend reports them apart."""
    token_ids: tuple[int, ...] = ()
    logprobs: tuple[TokenLogprob, ...] = ()
    estimated: bool = False
    """The token count was not reported for this draw and was inferred."""
    recorded: Recording | None = None
    """None: drawn now, or cut short of what was recorded."""


class Piece(str):
    """New text, with the log-probabilities of its tokens where the backend streams them."""

    logprobs: tuple[TokenLogprob, ...]

    def __new__(cls, text: str, logprobs: tuple[TokenLogprob, ...] = ()) -> Self:
        piece = super().__new__(cls, text)
        piece.logprobs = logprobs
        return piece
