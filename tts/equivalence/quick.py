"""Comparison without algebra: strings, numbers and words."""

from __future__ import annotations

import re

from tts.equivalence.canonical import Canonical, canonical
from tts.equivalence.number import Number, read_number, same_number
from tts.equivalence.verdict import Verdict

_DECIMAL_COMMA = re.compile(r"[-+]?[0-9]+,[0-9]+")


def quick(a: str, b: str, *, rounding: int = 6) -> Verdict | None:
    """The verdict where spelling or arithmetic decides it; None: it takes algebra."""
    if a == b:
        return "same"
    one, other = canonical(a), canonical(b)
    if one.text == other.text:
        return "same"
    if one.number is not None and other.number is not None:
        return "same" if same_number(one.number, other.number, rounding) else "different"
    if one.number is not None:
        return _number_and_text(one.number, other, rounding)
    if other.number is not None:
        return _number_and_text(other.number, one, rounding)
    return _words(one, other)


def _number_and_text(number: Number, text: Canonical, rounding: int) -> Verdict | None:
    if text.word is not None or text.phrase is not None:
        return "different"
    if _DECIMAL_COMMA.fullmatch(text.text):
        read = read_number(text.text.replace(",", "."))
        if read is not None and same_number(number, read, rounding):
            return "same"
    return None


def _words(one: Canonical, other: Canonical) -> Verdict | None:
    if one.word is not None and other.word is not None:
        return _two_words(one.word, other.word)
    if one.phrase is not None and other.phrase is not None:
        return "same" if one.phrase == other.phrase else "different"
    return None


def _two_words(one: str, other: str) -> Verdict | None:
    """Equal letters in another order may be one product of variables, so algebra decides."""
    if one == other or (len(one) > 1 and one.lower() == other.lower()):
        return "same"
    return None if sorted(one.lower()) == sorted(other.lower()) else "different"
