"""Reading an answer as one exact number."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import cache

from msgspec import Struct

_DIGITS = r"(?:[1-9][0-9]{0,2}(?:,[0-9]{3})+|[0-9]{1,256})"
_DECIMAL = rf"(?:{_DIGITS}(?:\.[0-9]{{0,256}})?|\.[0-9]{{1,256}})"
_TIMES_TEN = (
    r"(?:[eE]([-+]?[0-9]{1,3})"
    r"|\s?(?:\\times|\\cdot|×|\*)\s?10\^(?:\{([-+]?[0-9]{1,3})\}|([0-9])(?![0-9])))?"
)
_PART = rf"(?:\{{([-+]?{_DECIMAL})\}}|\s?([0-9]))"
_PLAIN = re.compile(rf"([-+]?)({_DECIMAL}){_TIMES_TEN}")
_SLASH = re.compile(rf"([-+]?)({_DECIMAL})/({_DECIMAL})")
_FRAC = re.compile(rf"([-+]?)([0-9]{{1,9}})?\\frac{_PART}{_PART}")
_UNIT = re.compile(
    r"\s?(?:%|\\(?:text(?:bf|it|rm|normal)?|mbox|mathrm)\{[^{}\\0-9]{0,64}\}(?:\^\{?[0-9]\}?)?"
    r"|percent(?:age)?|pct|degrees?|dollars?|cents?|units?|[€£¥])$",
    re.IGNORECASE,
)


class Number(Struct, frozen=True, gc=False):
    """A number and whether it was written without rounding (no decimal point, no exponent)."""

    value: Fraction
    exact: bool


def read_number(text: str) -> Number | None:
    r"""The number that a normalised answer is, units dropped; None where it is something else.

    `10%` is read as 10, not 0.1, as graders of MATH do (Hendrycks et al., 2021); reading it as
    both would make equality intransitive.
    """
    if len(text) > 600 or not any("0" <= letter <= "9" for letter in text):
        return None
    found = _bare(text)
    if found is not None or (text[-1].isdigit() and "\\" not in text):
        return found
    return _bare(_UNIT.sub("", _UNIT.sub("", text.lstrip("€£¥"))))


def same_number(one: Number, other: Number, rounding: int) -> bool:
    """Whether two numbers agree: exactly where both are exact, rounded otherwise.

    Decimals agree to `rounding` places, small ones to as many significant digits less two.
    """
    if one.exact and other.exact:
        return one.value == other.value
    places = rounding + _small(min(abs(one.value), abs(other.value)))
    return one.value == other.value or round(one.value, places) == round(other.value, places)


def _bare(text: str) -> Number | None:
    if plain := _PLAIN.fullmatch(text):
        sign, digits, *powers = plain.groups()
        power = next((int(power) for power in powers if power), 0)
        exact = power == 0 and "." not in digits
        return Number(_signed(sign, _value(digits) * Fraction(10) ** power), exact)
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
    text = digits.replace(",", "").removesuffix(".")
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
