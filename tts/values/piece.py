"""A piece of a draw's text as it grows."""

from __future__ import annotations

from typing import Self

from tts.values.completion import TokenLogprob


class Piece(str):
    """New text, with the log-probabilities of its tokens where the backend streams them."""

    logprobs: tuple[TokenLogprob, ...]

    def __new__(cls, text: str, logprobs: tuple[TokenLogprob, ...] = ()) -> Self:
        piece = super().__new__(cls, text)
        piece.logprobs = logprobs
        return piece
