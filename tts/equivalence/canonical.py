"""What a short answer is: a number, a word, or something for the slow path."""

from __future__ import annotations

import re
from functools import lru_cache

from msgspec import Struct

from tts.equivalence.normalise import normalise
from tts.equivalence.number import Number, read_number

_WORD = re.compile(r"\(?([A-Za-z]{1,64})\)?")
_PHRASE = re.compile(r"[A-Za-z][A-Za-z' ]*[A-Za-z]{4}[A-Za-z' ]*|[A-Za-z]{4}[A-Za-z' ]*")

LONGEST_READ = 512
"""Characters; a longer answer is neither a number nor a word."""


class Canonical(Struct, frozen=True, gc=False):
    """An answer in its normal spelling, with the readings that apply."""

    text: str
    number: Number | None = None
    word: str | None = None
    """One word, or an option's letter without its parentheses."""
    phrase: str | None = None
    """Words alone, one of them no product of variables; in lower case."""


def canonical(answer: str) -> Canonical:
    """Read an answer; linear in its length, and a long one is only stripped."""
    return _read(answer) if len(answer) <= LONGEST_READ else Canonical(normalise(answer))


@lru_cache(maxsize=8192)
def _read(answer: str) -> Canonical:
    text = normalise(answer)
    number = read_number(text)
    if number is not None:
        return Canonical(text, number)
    word = _WORD.fullmatch(text)
    phrase = _PHRASE.fullmatch(text)
    return Canonical(
        text,
        word=word[1] if word else None,
        phrase=text.lower() if phrase else None,
    )
