"""Dates and times of day, which no arithmetic compares."""

from __future__ import annotations

import re

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
LONGEST = 48


def moment(text: str) -> str | None:
    """The key of a date, a year before our era or a time of day; None where a text is none of them.

    Two numbers before a year are day and month where only one can be the month, or where dots
    separate them; `1/2/2000` says which only to who knows its author, and equals itself alone.
    A time without am or pm is one of 24 hours.
    """
    text = " ".join(text.lower().split())
    if len(text) > LONGEST:
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
