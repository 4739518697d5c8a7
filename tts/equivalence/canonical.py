"""What a short answer is: a number, words, mathematics, or prose that may hold any of them."""

from __future__ import annotations

import re
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from tts.equivalence.mathematics import is_mathematics
from tts.equivalence.moment import moment
from tts.equivalence.normalise import LONGEST, boxes, normalise
from tts.equivalence.number import Number, read_number
from tts.equivalence.quantity import Unit
from tts.equivalence.words import formula_key, plain, unwrapped, words
from tts.values import AnswerKind

LONGEST_READ = 512
"""Characters; a longer answer is no number, date or expression, but words or prose."""

_DELIMITER = re.compile(r"\$\$|\$(?!\s*\n)[^$]*\$|\\\((?!\s*\n)|\\\[|\\boxed")
"""Inline mathematics begins on the line of its delimiter, as in Markdown."""
_WHOLE = re.compile(
    r"\s*(\$\$?)[^$]*\1[\s.]*|\s*\\[(\[](?:(?!\\[()\[\]]).)*\\[)\]][\s.]*", re.DOTALL
)
_WORDED = re.compile(r"\\(?:text|mbox|mathrm|operatorname)")
_LETTER = re.compile(r"\(?\s*([^\W\d_])\s*\)?")
_SCALE = re.compile(
    r"(?:°|\^\s*\{?\s*\\circ\s*\}?)\s*(?:\\(?:text|mathrm)\s*\{\s*)?([CF])\s*\}?(?![A-Za-z])"
)
_DOLLARS = re.compile(
    r"\s*\$?\s*[-+]?\\\$.*|[^$]*\\\$\s*\$?\s*|\s*[-+]?\$[^$]*|[^$]*[0-9]\s?\$\s*|.*\bUS\s?\$[^$]*",
    re.DOTALL,
)
_AMERICAN = re.compile(r"\bUS\s?\\?\$")
_DEGREES = re.compile(r"°|\\circ(?![A-Za-z])")
_NOTHING = re.compile(
    r"(?:there (?:is|are) )?no (?:real |such |possible )?(?:solutions?|roots?|values?)(?: exists?)?"
    r"|(?:the )?(?:empty|null) set|\\varnothing|\\emptyset|∅|\\\{\s*\\\}"
)
_NAMED = {"infinity": "\\infty", "pi": "\\pi", "∞": "\\infty", "π": "\\pi", "+\\infty": "\\infty"}
_DOLLAR, _DEGREE = Unit((("dollar", 1),)), Unit((("angle", 1),))


class Canonical(Struct, frozen=True, gc=False):
    """An answer in its normal spelling, with the readings that apply."""

    text: str
    number: Number | None = None
    words: str | None = None
    """The key of a text, of a date or of a time: equal keys are equal answers."""
    mathematics: bool = False
    """Whether algebra may read the text."""
    prose: bool = False
    """Whether the mathematics stands inside other words, between delimiters of its own."""


def canonical(answer: str, kind: AnswerKind = "any") -> Canonical:
    """Read an answer; linear in its length."""
    if len(answer) <= LONGEST_READ:
        return _read(answer, kind)
    text = normalise(answer)
    if len(answer) > LONGEST and kind != "text":
        return Canonical(text, prose=True)
    if len(answer) <= LONGEST and is_mathematics(text, kind):
        return Canonical(text, mathematics=True)
    return _told(answer, text, kind)


@lru_cache(maxsize=8192)
def _read(answer: str, kind: AnswerKind) -> Canonical:
    text = normalise(_AMERICAN.sub("$", _SCALE.sub(_temperature, answer)))
    bare = unwrapped(text).strip()
    if _NOTHING.fullmatch(bare.lower()):
        return Canonical("\\emptyset", mathematics=True)
    text = plain(_NAMED.get(bare.lower(), text))
    clock = moment(plain(bare))
    number = read_number(text, kind) if clock is None else None
    if number is not None:
        return Canonical(text, _with_sign(number, answer), mathematics=True)
    mathematics = is_mathematics(text, kind) and not (text.isalpha() and _WORDED.search(answer))
    if clock is not None:
        return Canonical(text, words=clock, mathematics=mathematics and clock.startswith("time"))
    if letter := _LETTER.fullmatch(bare):
        key = letter[1].lower() if kind == "text" else letter[1]
        return Canonical(text, words=key, mathematics=True)
    if mathematics:
        return Canonical(text, words=formula_key(plain(bare)), mathematics=True)
    return _told(answer, text, kind)


def _told(answer: str, text: str, kind: AnswerKind) -> Canonical:
    """Words, or prose around mathematics; prose with a single box says what stands in it."""
    boxed = boxes(answer) if len(answer) <= LONGEST and kind != "text" else []
    if len(boxed) == 1:
        return canonical(boxed[0], kind)
    delimited = _DELIMITER.search(answer) is not None and not _WHOLE.fullmatch(answer)
    prose = delimited or "\\boxed" in text
    if prose and kind != "text":
        return Canonical(text, prose=True)
    return Canonical(text, words=words(text, kind))


def _with_sign(number: Number, answer: str) -> Number:
    """A number with the degrees or dollars that its normal spelling leaves out."""
    if number.unit is not None:
        return number
    if _DEGREES.search(answer):
        return replace(number, unit=_DEGREE)
    return replace(number, unit=_DOLLAR) if _DOLLARS.fullmatch(answer) else number


def _temperature(found: re.Match[str]) -> str:
    return {"C": "℃", "F": "℉"}[found[1]]
