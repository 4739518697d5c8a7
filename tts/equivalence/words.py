"""Words, chemical formulas, dates and times of day, compared by a key."""

from __future__ import annotations

import re
import unicodedata

from tts.values import AnswerKind

_SIGNS = str.maketrans(
    {
        **dict.fromkeys("‐‑‒–—―−", "-"),
        **dict.fromkeys("‘’‚ʼ′`´", "'"),
        **dict.fromkeys("“”„«»″", '"'),
        "⁄": "/",
        "℃": "℃",
        "℉": "℉",
    }
)
_RAISED = re.compile("[⁰¹²³⁴-⁹⁺⁻ⁿ]+")
_LOWERED = re.compile("[₀-₉]+")
_KEPT = re.compile("[℃℉]")
_FRACTIONS = re.compile("[¼-¾⅐-⅞↉]")
_WRAPPED = re.compile(
    r"\\(?:text(?:bf|it|rm|normal|sf|tt)?|mbox|hbox|mathrm|mathbf|mathit|mathsf|operatorname|ce)"
    r"\s*\{([^{}]*)\}"
)
_SUBSCRIPT = re.compile(r"_\{?([0-9+-]+)\}?|\^\{([0-9+\u2212-]+)\}")
_INITIALS = re.compile(r"\b(?:[a-z]\.\s?){1,12}[a-z]\b\.?")
_PARENTHESES = re.compile(r"\(([^()]*)\)")
_QUOTED = re.compile(r"'([^']*)'")
_ARTICLE = re.compile(r"(?:the|an?)\s+(?=\S{2})")
_DROPPED = re.compile(r"(?<=[^\W\d_])\.(?=\s|$)|(?<=[^\W_])[,;:](?=\s|$)")
_HYPHEN = re.compile(r"(?<=[^\W\d_])-(?=[^\W_])")
_FORMULA = re.compile(r"(?:[A-Z][a-z]?[0-9]*|[()\[\]](?:[0-9]*))+(?:\^?[0-9]?[+-])?")
_SYMBOL = re.compile(r"[A-Z][a-z]?")
_SYMBOLS = (
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se "
    "Br Kr Rb Sr Y Zr Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb "
    "Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm "
    "Bk Cf Es Fm Md No Lr Rf Db Sg Bh Hs Mt Ds Rg Cn Nh Fl Mc Lv Ts Og"
)
_ELEMENTS = frozenset(_SYMBOLS.split())
_ORDINARY = frozenset({"No", "In", "Si", "Ho", "Os", "Po"})
"""Symbols that are words as well: their case says nothing."""
_ORDINAL_WORDS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth "
    "fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
)
_ENDINGS = {1: "st", 2: "nd", 3: "rd"}
_ORDINALS = {
    word: f"{place}{_ENDINGS.get(place, 'th')}"
    for place, word in enumerate(_ORDINAL_WORDS.split(), 1)
}
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            *(("january", "jan"), ("february", "feb"), ("march", "mar"), ("april", "apr")),
            *(("may",), ("june", "jun"), ("july", "jul"), ("august", "aug")),
            *(("september", "sept", "sep"), ("october", "oct"), ("november", "nov")),
            ("december", "dec"),
        ),
        1,
    )
    for name in names
}
_MONTH = "(" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + r")\.?"
_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\s+)?"
_DAY = r"([0-9]{1,2})(?:st|nd|rd|th)?"
_YEAR = r"([0-9]{4})"
_BEFORE = re.compile(r"([0-9]{1,4})\s*b\.?c\.?(?:e\.?)?")
_TIME = re.compile(
    r"([0-9]{1,2})(?:[:.]([0-5][0-9])(?::([0-5][0-9]))?)?\s*(am|pm|a\.\s?m\.?|p\.\s?m\.?)"
    r"|([0-9]{1,2}):([0-5][0-9])(?::([0-5][0-9]))?"
)
_NAMED_TIMES = {"noon": (12, 0, 0), "midday": (12, 0, 0), "midnight": (0, 0, 0)}
_WORDED = (
    (re.compile(rf"{_WEEKDAY}{_MONTH}\s+(?:the\s+)?{_DAY}(?:,\s*|\s+){_YEAR}"), "mdy"),
    (re.compile(rf"{_WEEKDAY}(?:the\s+)?{_DAY}\s+(?:of\s+)?{_MONTH},?\s+{_YEAR}"), "dmy"),
    (re.compile(rf"{_WEEKDAY}{_DAY}-{_MONTH}-{_YEAR}"), "dmy"),
    (re.compile(rf"{_YEAR}[ -]{_MONTH}[ -]{_DAY}"), "ymd"),
    (re.compile(rf"{_WEEKDAY}{_MONTH}\s+(?:the\s+)?{_DAY}"), "md"),
    (re.compile(rf"{_WEEKDAY}(?:the\s+)?{_DAY}\s+(?:of\s+)?{_MONTH}"), "dm"),
    (re.compile(rf"{_MONTH}(?:,\s*|\s+){_YEAR}"), "my"),
    (re.compile(rf"{_YEAR}([-/])([0-9]{{1,2}})\2([0-9]{{1,2}})"), "y-m-d"),
    (re.compile(rf"([0-9]{{1,2}})([-/.])([0-9]{{1,2}})\2{_YEAR}"), "a-b-y"),
)
LONGEST_MOMENT = 48


def plain(text: str) -> str:
    """Unicode's many signs for one thing as one: dashes, quotes, powers, indices, wide letters.

    `½` becomes ` 1/2`, `²` becomes `^{2}`, `₂` becomes `_{2}`; what is left is in the form NFKC.
    """
    if text.isascii():
        return text
    text = _FRACTIONS.sub(_spelled_fraction, text).translate(_SIGNS)
    text = _RAISED.sub(r"^{\g<0>}", _LOWERED.sub(r"_{\g<0>}", text))
    parts = _KEPT.split(text)
    kept = _KEPT.findall(text)
    normal = [unicodedata.normalize("NFKC", part) for part in parts]
    return "".join(part + sign for part, sign in zip(normal, [*kept, ""], strict=True)).strip()


def unwrapped(text: str) -> str:
    r"""A text without the commands that only say how letters look, such as `\text{}`."""
    return _WRAPPED.sub(r"\1", text) if "\\" in text else text


def words(text: str, kind: AnswerKind) -> str:
    """The key of a text: case, blanks, Unicode, final punctuation and initials' dots are gone.

    Outside mathematics a leading article is gone too. The case of a chemical symbol is kept where
    capitals would be other elements: Co is no CO. Letters, digits and their order always count.
    """
    text = unwrapped(plain(text)).replace("\\ ", " ").replace("~", " ")
    text = text.strip(' \t\n\r.,;:!*"')
    quoted = _QUOTED.fullmatch(text)
    text = quoted[1].strip() if quoted else text
    whole = _PARENTHESES.fullmatch(text)
    text = (whole[1] if whole else text).strip()
    if (formula := formula_key(text)) is not None:
        return formula
    key = unicodedata.normalize("NFC", text.casefold()).replace("\\&", "&").replace(" & ", " and ")
    key = _INITIALS.sub(lambda found: re.sub(r"[.\s]", "", found[0]) + " ", key)
    key = _HYPHEN.sub(" ", _DROPPED.sub(" ", key))
    key = " ".join(key.replace('"', "").split())
    if kind != "mathematics":
        key = _ARTICLE.sub("", key, count=1) if _ARTICLE.match(key) else key
    return _ORDINALS.get(key, key)


def formula_key(text: str) -> str | None:
    """A chemical formula in one spelling, where its case or its indices matter."""
    bare = _SUBSCRIPT.sub(lambda found: found[1] or f"^{found[2]}", text)
    if len(bare) > 64 or not _FORMULA.fullmatch(bare) or bare in _ORDINARY:
        return None
    symbols = _SYMBOL.findall(bare)
    if not symbols or not all(symbol in _ELEMENTS for symbol in symbols):
        return None
    if any(letter.isdigit() for letter in bare):
        return bare
    two = [symbol for symbol in symbols if len(symbol) == 2]
    return bare if any(set(symbol.upper()) <= _ELEMENTS for symbol in two) else None


def _spelled_fraction(sign: re.Match[str]) -> str:
    return " " + unicodedata.normalize("NFKC", sign[0]).replace("⁄", "/")


def moment(text: str) -> str | None:
    """The key of a date, a year before our era or a time of day; None where a text is none of them.

    Two numbers before a year are day and month where only one can be the month, or where dots
    separate them; `1/2/2000` says which only to who knows its author, and equals itself alone.
    A time without am or pm is one of 24 hours.
    """
    text = " ".join(text.lower().split())
    if len(text) > LONGEST_MOMENT:
        return None
    if text in _NAMED_TIMES:
        return _clock(*_NAMED_TIMES[text])
    if not any("0" <= letter <= "9" for letter in text):
        return None
    return _date(text) or _time(text) or _era(text)


def _date(text: str) -> str | None:
    for pattern, order in _WORDED:
        if found := pattern.fullmatch(text):
            if order == "a-b-y":
                return _ambiguous(int(found[1]), found[2], int(found[3]), found[4])
            values = [part for part in found.groups() if part not in {"-", "/"}]
            return _calendar(dict(zip(order.replace("-", ""), values, strict=True)))
    return None


def _calendar(parts: dict[str, str]) -> str | None:
    month = _MONTHS.get(parts["m"]) or int(parts["m"])
    day = int(parts.get("d", 1))
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    year, told = parts.get("y", "----"), f"{day:02d}" if "d" in parts else "--"
    return f"date {year}-{month:02d}-{told}"


def _ambiguous(one: int, separator: str, other: int, year: str) -> str | None:
    if separator == "." or (one > 12 and other <= 12):
        return _calendar({"y": year, "m": str(other), "d": str(one)})
    if one == other or (other > 12 and one <= 12):
        return _calendar({"y": year, "m": str(one), "d": str(other)})
    return f"date of unknown order {one}-{other}-{year}"


def _time(text: str) -> str | None:
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    hour, minute, second = (int(found[at] or found[at + 4] or 0) for at in (1, 2, 3))
    half = (found[4] or "")[:1]
    if hour > 24 or (half and not 1 <= hour <= 12):
        return None
    hour = hour % 12 + (12 if half == "p" else 0) if half else hour % 24
    return _clock(hour, minute, second)


def _clock(hour: int, minute: int, second: int) -> str:
    return f"time {hour:02d}:{minute:02d}:{second:02d}"


def _era(text: str) -> str | None:
    found = _BEFORE.fullmatch(text)
    return f"year -{int(found[1])}" if found else None
