"""What word processors and input methods make of a plan: typographic quotes, full-width signs,
comments and trailing commas, read as what was meant. Inside a string everything is text."""

from __future__ import annotations

import re

DOUBLE, SINGLE = "“”„‟«»＂", "‘’‚‛‹›＇"
MOST_NESTED = 64
"""Brackets inside brackets that a plan may hold; every walk over a value is as deep as that."""
QUOTES = ('"""', "'''", '"', "'")
_SPACES = dict.fromkeys("\u00a0\u2002\u2003\u2009\u202f\u3000", " ")
_NOTHING = dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff", "")
_WIDE = {chr(0xFEE0 + code): chr(code) for code in range(0x21, 0x7F)}
SIGNS = {**_SPACES, **_NOTHING, **_WIDE, "、": ",", "。": ".", "【": "[", "】": "]"}
"""Signs and blanks to those of ASCII; a blank of no width to nothing."""
_COMMENT = re.compile(r"#|//")


def straight(line: str, quote: str = "") -> str:
    """A line of compact text with plain quotes and signs; `quote`: it begins inside a string that
    this quote closes."""
    if line.isascii():
        return line
    made, place = "", 0
    while place < len(line):
        if quote:
            end = _closing(line, place, quote)
            made, place, quote = made + line[place:end], end, ""
        elif quote := next((q for q in QUOTES if line.startswith(q, place)), ""):
            made, place = made + quote, place + len(quote)
        elif _COMMENT.match(line, place):
            return made + line[place:]
        else:
            text, place = _outside(line, place)
            made += text
    return made


def _outside(line: str, place: int) -> tuple[str, int]:
    """What a place outside strings stands for, and where to go on."""
    letter = line[place]
    if letter in DOUBLE or letter in SINGLE:
        free = place == 0 or not line[place - 1].isalnum()
        end = typographic_end(line, place + 1, letter) if free else -1
        if end >= 0:
            inside = line[place + 1 : end]
            return '"' + re.sub(r'(?<!\\)"', r"\\\"", inside) + '"', end + 1
    return SIGNS.get(letter, letter), place + 1


def typographic_end(text: str, start: int, opening: str) -> int:
    """Where a string that a typographic quote opens is closed on its line; -1: nowhere.

    Any quote of its kind closes it, the plain one too, but no apostrophe inside a word. What a
    string then leaves over is a fault: no value is guessed.
    """
    double = opening in DOUBLE
    closers = DOUBLE + '"' if double else SINGLE + "'"
    for place in range(start, len(text)):
        letter = text[place]
        if letter == "\n":
            return -1
        if letter in closers and (double or not text[place + 1 : place + 2].isalnum()):
            return place
    return -1


def _closing(line: str, place: int, quote: str) -> int:
    """Behind the quote that closes a plain string, or the end of the line."""
    while place < len(line):
        if line[place] == "\\":
            place += 2
        elif line.startswith(quote, place):
            return place + len(quote)
        else:
            place += 1
    return len(line)


def strict_json(text: str) -> str:
    """JSON with typographic quotes, comments and trailing commas as JSON; strings stay."""
    made: list[str] = []
    place = 0
    while place < len(text):
        letter = text[place]
        if letter == '"':
            end = _closing(text, place + 1, '"')
            made.append(text[place:end])
        elif letter in DOUBLE and (close := typographic_end(text, place + 1, letter)) >= 0:
            end = close + 1
            made.append('"' + text[place + 1 : close] + '"')
        elif _COMMENT.match(text, place):
            end = text.find("\n", place)
            end = len(text) if end < 0 else end
        else:
            end = place + 1
            made.append(SIGNS.get(letter, letter))
        place = end
    return _without_trailing_commas(made)


def _without_trailing_commas(parts: list[str]) -> str:
    kept: list[str] = []
    for part in reversed(parts):
        behind = next((later for later in reversed(kept) if later.strip()), "")
        if part != "," or behind not in ("}", "]"):
            kept.append(part)
    return "".join(reversed(kept))


def too_deep(text: str) -> bool:
    """Whether JSON text nests deeper than `MOST_NESTED`; brackets in strings do not count."""
    if text.count("[") + text.count("{") <= MOST_NESTED:
        return False
    depth = deepest = 0
    for bracket in re.findall(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', text, re.DOTALL):
        depth += (bracket in "[{") - (bracket in "]}")
        deepest = max(deepest, depth)
    return deepest > MOST_NESTED
