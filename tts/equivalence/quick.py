"""Comparison without algebra: spelling, numbers with their units, dates, and words."""

from __future__ import annotations

import re

from msgspec.structs import replace

from tts.equivalence.canonical import Canonical, canonical
from tts.equivalence.number import Number, read_number, same_number
from tts.equivalence.verdict import Verdict
from tts.values import AnswerKind

_DECIMAL_COMMA = re.compile(r"[-+]?[0-9]+,[0-9]+")
_SAYING = re.compile(r"(?<![A-Za-z])(?<!not )(?:is|are|equals|it's)(?![A-Za-z])|[:=]")
_TURN = re.compile(r"\.?\s*<\|\w+\|>\w*$")
STATEMENT = 64
"""Characters that a number may take at the end of the sentence that states it."""


def quick(a: str, b: str, *, rounding: int = 6, kind: AnswerKind = "any") -> Verdict | None:
    """The verdict where no algebra is needed; None: it takes algebra.

    Words are the same as equal words alone, a date as that date; neither is ever mathematics.
    """
    if a == b:
        return "same"
    one, other = canonical(a, kind), canonical(b, kind)
    if one.number is not None and other.number is not None:
        return "same" if same_number(one.number, other.number, rounding) else "different"
    if one.text == other.text:
        return "same"
    if one.words is not None and other.words is not None:
        return "same" if one.words == other.words else "different"
    if one.number is not None:
        return _number_and_other(one.number, other, rounding, kind)
    if other.number is not None:
        return _number_and_other(other.number, one, rounding, kind)
    readable = all(each.mathematics or each.prose for each in (one, other))
    return None if readable else "different"


def _number_and_other(
    number: Number, other: Canonical, rounding: int, kind: AnswerKind
) -> Verdict | None:
    if other.words is not None:
        stated = None if kind == "text" else _stated(other.text, kind)
        found = stated is not None and same_number(number, stated, rounding)
        return "same" if found else "different"
    if _DECIMAL_COMMA.fullmatch(other.text):
        read = read_number(other.text.replace(",", "."))
        if read is not None and same_number(number, read, rounding):
            return "same"
    return None


def _stated(text: str, kind: AnswerKind) -> Number | None:
    """The number that a sentence ends with and says to be its answer, as in `so it's 1,000.99€`."""
    tail = _TURN.sub("", text[-STATEMENT:])
    says = [found.end() for found in _SAYING.finditer(tail)]
    if not says:
        return None
    rest = tail[says[-1] :].strip()
    for words in (rest, rest.rpartition(" ")[0]):
        said = words.rstrip(" .!")
        said = said.replace(",", ".") if _DECIMAL_COMMA.fullmatch(said) else said
        if (found := read_number(said, kind)) is not None:
            return replace(found, unit=found.unit and replace(found.unit, loose=True))
    return None
