"""Units: what may be written behind a number, and what converts into what."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from fractions import Fraction

from msgspec import Struct

from tts.equivalence.words import unwrapped
from tts.values import AnswerKind

_SI = {"n": -9, "µ": -6, "μ": -6, "m": -3, "c": -2, "d": -1, "k": 3, "M": 6, "G": 9, "T": 12}
_LONG = {"nano": -9, "micro": -6, "milli": -3, "centi": -2, "kilo": 3, "mega": 6, "giga": 9}
_NAMES: tuple[tuple[str, str, str], ...] = (
    # dimension, factor, names; a `~` takes the prefixes of the SI
    ("length", "1", "~m ~meter ~metre"),
    ("length", "0.0254", "in inch inches"),
    ("length", "0.3048", "ft foot feet"),
    ("length", "0.9144", "yd yard"),
    ("length", "1609.344", "mi mile"),
    ("mass", "1", "~g ~gram ~gramme gm"),
    ("mass", "1000000", "t ton tonne"),
    ("mass", "453.59237", "lb lbs pound-mass pound"),
    ("mass", "28.349523125", "oz ounce"),
    ("time", "1", "~s sec second"),
    ("time", "60", "min minute"),
    ("time", "3600", "h hr hour"),
    ("time", "86400", "d day"),
    ("time", "604800", "wk week"),
    ("month", "1", "month"),
    ("month", "12", "yr year"),
    ("volume", "1", "~l ~L ~liter ~litre"),
    ("current", "1", "~A ~ampere amp"),
    ("force", "1", "~N ~newton"),
    ("energy", "1", "~J ~joule"),
    ("power", "1", "~W ~watt"),
    ("frequency", "1", "~Hz ~hertz"),
    ("voltage", "1", "~V ~volt"),
    ("pressure", "1", "~Pa ~pascal"),
    ("amount", "1", "~mol ~mole"),
    ("percent", "1", "% percent percentage pct"),
    ("angle", "1", "° degree deg"),
    ("radian", "1", "rad radian"),
    ("temperature C", "1", "℃ celsius centigrade"),
    ("temperature F", "1", "℉ fahrenheit"),
    ("dollar", "1", "$ dollar usd"),
    ("dollar", "0.01", "¢ cent"),
    ("euro", "1", "€ euro eur"),
    ("sterling", "1", "£ gbp quid"),
    ("yen", "1", "¥ yen jpy"),
    ("rupee", "1", "₹ rupee inr rs"),
    ("yuan", "1", "yuan rmb cny"),
)
_SQUARED = {"square": 2, "sq": 2, "cubic": 3, "cu": 3}
_RATES = {"mph": "mile/hour", "kph": "km/hour", "kmh": "km/hour", "kmph": "km/hour"}
_CURRENCY = re.compile(r"(?:US|A|C|NZ|HK)?\$|[€£¥₹]")
_TOKEN = re.compile(r"([A-Za-zµμ°℃℉%$€£¥₹¢Ω-]+)(?:\^?\{?(-?[1-4])\}?)?\.?|([/*·⋅])")
_VARIABLE = re.compile(r"[A-Za-z](?:\^?\{?[0-9]\}?)?")
_NOUNS = re.compile(r"[a-z]+(?:[ -][a-z]+){0,2}")
_SAYING_MORE = (
    "more less fewer plus minus times squared cubed factorial or and to not over under of in at "
    "bc bce half halves third thirds fourth fourths fifth fifths quarter quarters tenth tenths "
    "hundredth hundredths thousand thousands million billion trillion hundred hundreds dozen dozens "
    "pairs pair is are mod choose by than above below before after ago until "
    "am pm if else only"
)
_COUNTED = frozenset(_SAYING_MORE.split())
"""Words behind a number that change what it says."""
LONGEST = 64


class Unit(Struct, frozen=True, gc=False):
    """What a number counts, as a product of dimensions, and its size in their base units."""

    dimensions: tuple[tuple[str, int], ...]
    factor: Fraction = Fraction(1)
    loose: bool = True
    """Whether the number may stand without it; `3m` may be three times m."""


def read_unit(behind: str, kind: AnswerKind) -> Unit | None:
    r"""The unit that a text behind a number is, known or a noun; None where it is no unit.

    A single letter that touches its number, or stands behind it in mathematics, is a unit beside
    another unit only, since it may be a variable.
    """
    text = unwrapped(behind)
    bare = text.strip().rstrip(".")
    if not bare or len(bare) > LONGEST:
        return None
    wrapped = text != behind
    if (known := _known(bare)) is not None:
        if _VARIABLE.fullmatch(bare) and not wrapped:
            tight = kind == "mathematics" or text[:1] not in " \t~"
            return Unit(known.dimensions, known.factor, loose=not tight)
        return known
    if (wrapped and not any(letter.isdigit() for letter in bare)) or text[:1].isspace():
        return _noun(bare.lower())
    return None


def currency_before(text: str) -> tuple[Unit | None, str]:
    """The currency that stands before a number, and the rest of the text."""
    sign = text[:1] if text[:1] in "-+" else ""
    found = _CURRENCY.match(text, len(sign))
    if found is None:
        return None, text
    name = found[0].removeprefix("US")
    unit = _UNITS.get(name) or Unit(((name, 1),))
    return unit, sign + text[found.end() :].lstrip()


def _noun(text: str) -> Unit | None:
    parts = re.split(r"[ -]", text)
    if not _NOUNS.fullmatch(text) or any(part in _COUNTED for part in parts):
        return None
    if len(parts) == 1 and len(text) == 1:
        return None
    return Unit(((" ".join(_singular(part) for part in parts), 1),))


def _known(text: str) -> Unit | None:
    """The product of the known units in a text such as `km/h`, `sq ft`, `meters per second^2`."""
    text = re.sub(r"\bper\b", "/", text.replace("\\", "").replace("{", "").replace("}", ""))
    text = _RATES.get(text.lower(), text)
    powers: Counter[str] = Counter()
    factor, sign, squared, place = Fraction(1), 1, 1, 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            return None
        place = found.end() + len(text[found.end() :]) - len(text[found.end() :].lstrip())
        name, power, operator = found.groups()
        if operator:
            sign = -1 if operator == "/" else sign
        elif name.lower() in _SQUARED:
            squared = _SQUARED[name.lower()]
        else:
            unit = _single(name)
            if unit is None:
                return None
            exponent = sign * int(power or squared)
            squared = 1
            factor *= unit.factor**exponent
            powers[unit.dimensions[0][0]] += exponent
    if not powers:
        return None
    return Unit(tuple(sorted((name, power) for name, power in powers.items() if power)), factor)


def _single(name: str) -> Unit | None:
    lower = name.lower()
    for spelling in (name, lower, lower[:-1] if len(lower) > 2 and lower[-1] == "s" else lower):
        if spelling in _UNITS and (len(name) > 2 or spelling == name or name.isupper() is False):
            return _UNITS[spelling]
    return None


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _prefixed(name: str, factor: Fraction) -> Iterator[tuple[str, Fraction]]:
    yield name, factor
    for prefix, power in (_SI if len(name) <= 3 else _LONG).items():
        yield prefix + name, factor * Fraction(10) ** power


def _table() -> Mapping[str, Unit]:
    found: dict[str, Unit] = {}
    for dimension, factor, names in _NAMES:
        for name in names.split():
            variants = [(name, Fraction(factor))]
            if name.startswith("~"):
                variants = list(_prefixed(name[1:], Fraction(factor)))
            for spelling, size in variants:
                found.setdefault(spelling, Unit(((dimension, 1),), size))
    return found


_UNITS = _table()
