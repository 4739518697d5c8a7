"""Reading an answer as one exact number, in digits or words, with the unit behind it."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import cache

from msgspec import Struct

from tts.equivalence.quantity import Unit, currency_before, read_unit
from tts.equivalence.words import plain
from tts.values import AnswerKind

_DIGITS = (
    r"(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+|[1-9][0-9]{0,2}(?:[\s'][0-9]{3})+(?![0-9/])|[0-9]{1,256})"
)
_DECIMAL = rf"(?:{_DIGITS}(?:\.[0-9]{{0,256}})?|\.[0-9]{{1,256}})"
_TIMES_TEN = (
    r"(?:[eE]([-+]?[0-9]{1,3})"
    r"|\s?(?:\\times|\\cdot|×|\*)\s?10\^(?:\{([-+]?[0-9]{1,3})\}|([-+]?[0-9])(?![0-9])))?"
)
_PART = rf"(?:\{{([-+]?{_DECIMAL})\}}|\s?([0-9]))"
_PLAIN = re.compile(rf"([-+]?)({_DECIMAL}){_TIMES_TEN}")
_SLASH = re.compile(rf"([-+]?)({_DECIMAL})/({_DECIMAL})")
_MIXED = re.compile(r"([-+]?)([0-9]{1,9})\s+([0-9]{1,9})/([0-9]{1,9})")
_FRAC = re.compile(rf"([-+]?)([0-9]{{1,9}})?\s?\\frac{_PART}{_PART}")
_HEAD = re.compile(r"((?:\\(?:frac|times|cdot)(?![A-Za-z])|[0-9+\-*/^.,'×{}\s])+)(.+)", re.DOTALL)
_SCALE = re.compile(r"\s?(hundred|thousand|million|billion|trillion|dozen)s?\b(.*)", re.DOTALL)
_SCALES = {
    "dozen": 12,
    "hundred": 100,
    "thousand": 10**3,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
}
_LETTERED = re.compile(r"[^0-9\s.,:;/+*^=<>|(){}\[\]-]")
_OUR_ERA = re.compile(r"(?:ad|ce)\s*(?=[0-9])|(?<=[0-9])\s*(?:ad|ce)$", re.IGNORECASE)

LEAST_PLACES, LEAST_DIGITS = 3, 4
"""What a decimal shows at least, to stand for the endless one that it rounds."""
_UNDER_TWENTY = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
)
_OF_TEN = "twenty thirty forty fifty sixty seventy eighty ninety"
_SMALL = {word: value for value, word in enumerate(_UNDER_TWENTY.split())}
_TENS = {word: 10 * value for value, word in enumerate(_OF_TEN.split(), 2)}
_SPELLED_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_TOKEN = re.compile(r"[\s-]*([A-Za-z]+)")
LONGEST_SPELLED = 200


class Number(Struct, frozen=True, gc=False):
    """A number as it was written."""

    value: Fraction
    exact: bool
    """Written without rounding: no decimal point, no exponent."""
    unit: Unit | None = None
    places: int = 0
    """Digits behind the decimal point."""


def read_number(text: str, kind: AnswerKind = "any") -> Number | None:
    r"""The number that a normalised answer is, with its unit; None where it is something else.

    Read are `1,000`, `1/2`, `\frac12`, `2 1/4` (a proper fraction only), `2.5\times 10^{3}`,
    `seven`, `5 million`, `2 hours 30 minutes`. `10%` is 10 with a unit, not 0.1, as graders of
    MATH do (Hendrycks et al., 2021); reading it as both would make equality intransitive.
    """
    if not text or len(text) > 600:
        return None
    text = plain(text)
    if not any("0" <= letter <= "9" for letter in text):
        return _in_words(text, kind)
    found = _bare(text)
    if found is not None or not _LETTERED.search(text):
        return found
    text = _OUR_ERA.sub("", text)
    return _bare(text) or _measured(text, kind) or _sum(text, kind)


def same_number(one: Number, other: Number, rounding: int) -> bool:
    """Whether two numbers agree: exactly where both are exact, rounded otherwise.

    Units that convert are converted (100 cm is 1 m), others differ; a unit on one side only is
    dropped. Decimals agree to `rounding` places, small ones to as many significant digits less
    two. Besides, a decimal of at least three places and four significant digits is the same as a
    fraction without a finite decimal, where it is that fraction rounded to these places: 3.333
    is 10/3, and 3.33 is not; 0.2501 is no 1/4, which has a finite decimal.
    """
    a, b = one.value, other.value
    if one.unit is not None and other.unit is not None:
        if one.unit.dimensions != other.unit.dimensions:
            return False
        if one.unit.factor != other.unit.factor:
            return _agree(a * one.unit.factor, b * other.unit.factor, rounding)
    elif not all(unit is None or unit.loose for unit in (one.unit, other.unit)):
        return False
    if one.exact and other.exact:
        return a == b
    return _agree(a, b, rounding) or _rounds(one, other) or _rounds(other, one)


def _agree(a: Fraction, b: Fraction, rounding: int) -> bool:
    places = rounding + _small(min(abs(a), abs(b)))
    return a == b or round(a, places) == round(b, places)


def _rounds(decimal: Number, fraction: Number) -> bool:
    """Whether a decimal is a fraction's endless one, rounded to the places that it shows."""
    if decimal.places < LEAST_PLACES or not fraction.exact:
        return False
    shown = abs(decimal.value) * 10**decimal.places
    if shown < 10 ** (LEAST_DIGITS - 1) or _is_finite(fraction.value.denominator):
        return False
    return round(fraction.value, decimal.places) == decimal.value


def _is_finite(denominator: int) -> bool:
    for prime in (2, 5):
        while denominator % prime == 0:
            denominator //= prime
    return denominator == 1


def _in_words(text: str, kind: AnswerKind) -> Number | None:
    value, behind = spelled(text)
    if value is None:
        return None
    unit = read_unit(behind, kind) if behind else None
    if behind and unit is None:
        return None
    strict = unit and Unit(unit.dimensions, unit.factor, loose=False)
    return Number(Fraction(value), exact=True, unit=strict)


def _measured(text: str, kind: AnswerKind) -> Number | None:
    """A number with a currency before it, a scale or a unit behind it."""
    currency, rest = currency_before(text)
    if currency is not None and (found := _bare(rest)) is not None:
        return Number(found.value, found.exact, currency, found.places)
    split = _HEAD.fullmatch(rest)
    if split is None or (found := _bare(split[1].rstrip())) is None:
        return None
    behind = split[1][len(split[1].rstrip()) :] + split[2]
    value, exact, scale = found.value, found.exact, _SCALE.fullmatch(behind)
    if scale is not None:
        value, behind = value * _SCALES[scale[1].lower()], scale[2]
        exact = value.denominator == 1
    if currency is not None:
        return None if behind.strip() else Number(value, exact, currency, found.places)
    unit = read_unit(behind, kind) if behind.strip() else None
    if unit is None and behind.strip():
        return None
    return Number(value, exact, unit, 0 if scale else found.places)


_MEMBER = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)\s?([A-Za-z]+)\s*(?:,|and\b)?\s*")


def _sum(text: str, kind: AnswerKind) -> Number | None:
    """Two or three units of one dimension, such as `2 hours 30 minutes`, in its base unit."""
    members, end = [], 0
    for found in _MEMBER.finditer(text):
        unit = read_unit(" " + found[2], kind)
        if found.start() != end or unit is None:
            return None
        members.append((Fraction(found[1]), unit))
        end = found.end()
    if end != len(text) or not 2 <= len(members) <= 3:
        return None
    sizes = [unit.factor for _, unit in members]
    same = {unit.dimensions for _, unit in members}
    if len(same) != 1 or sizes != sorted(set(sizes), reverse=True):
        return None
    total = sum((value * unit.factor for value, unit in members), Fraction())
    return Number(total, exact=True, unit=Unit(same.pop(), loose=False))


def _bare(text: str) -> Number | None:
    if plain_number := _PLAIN.fullmatch(text):
        sign, digits, *powers = plain_number.groups()
        power = next((int(power) for power in powers if power), 0)
        exact = power == 0 and "." not in digits
        value = _signed(sign, _value(digits) * Fraction(10) ** power)
        return Number(value, exact, places=0 if power else len(digits.partition(".")[2]))
    if mixed := _MIXED.fullmatch(text):
        proper = int(mixed[3]) < int(mixed[4])
        return _quotient(*mixed.groups()) if proper else None
    if slash := _SLASH.fullmatch(text):
        return _quotient(slash[1], "", slash[2], slash[3])
    if frac := _FRAC.fullmatch(text):
        return _quotient(frac[1], frac[2] or "", frac[3] or frac[4], frac[5] or frac[6])
    return None


def _quotient(sign: str, whole: str, top: str, bottom: str) -> Number | None:
    below = _value(bottom)
    if below == 0:
        return None
    value = _value(whole or "0") + _value(top) / below
    return Number(_signed(sign, value), "." not in top + bottom)


def _signed(sign: str, value: Fraction) -> Fraction:
    return -value if sign == "-" else value


def _value(digits: str) -> Fraction:
    text = re.sub(r"[,'\s]", "", digits).removesuffix(".")
    return Fraction(text if text[:1] != "." else "0" + text)


@cache
def _threshold(places: int) -> Fraction:
    return Fraction(1, 10**places)


def _small(value: Fraction) -> int:
    """Zeros after the decimal point beyond the second; 0 for zero itself."""
    if value == 0 or value >= _threshold(3):
        return 0
    zeros = len(str(value.denominator // value.numerator)) - 1
    return max(0, zeros - 2)


def spelled(text: str) -> tuple[int | None, str]:
    """The cardinal number that a text begins with, such as `twenty-one`, and what follows it.

    None where it begins with none, or with words in an order that no number has.
    """
    sign, place, end = 1, 0, 0
    total = group = 0
    largest, value = 10**15, None
    first = text[:LONGEST_SPELLED].lower()
    if found := re.match(r"(?:minus|negative)\s+", first):
        sign, place = -1, found.end()
    while found := _TOKEN.match(first, place):
        word, place = found[1], found.end()
        if word == "and" and value is not None and (group % 100 == 0):
            continue
        if word in _SPELLED_SCALES:
            if group == 0 or _SPELLED_SCALES[word] >= largest:
                break
            largest = _SPELLED_SCALES[word]
            total, group = total + group * largest, 0
        elif (step := _grown(group, word)) is None or (value == 0):
            break
        else:
            group = step
        value, end = total + group, place
    return (None if value is None else sign * value), text[end:] if value is not None else text


def _grown(group: int, word: str) -> int | None:
    """Three digits with one more word; None where the word cannot follow."""
    below = group % 100
    if word == "hundred":
        return group * 100 if 1 <= group <= 9 else None
    if word in _TENS:
        return group + _TENS[word] if below == 0 else None
    small = _SMALL.get(word)
    if small is None or (small == 0 and group):
        return None
    fits = below == 0 or (small < 10 and below >= 20 and below % 10 == 0)
    return group + small if fits else None
