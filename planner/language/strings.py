"""References inside the strings of compact text and of native tool calls.

`"$1"` alone is the result of call 1 with its type; `"${1} euros"` inserts its text; `$$` before a
digit, a brace or `item` is one literal dollar. A bare `$1` inside a longer string is text, unless
the dialect is LLMCompiler's.
"""

from __future__ import annotations

import re

from tts.planner.language.reference import BARE, BRACED, NAME, Reference, reference_of
from tts.planner.language.value import Text

_MARK = re.compile(rf"\$+(?=\{{?{NAME})")
BARE_INSIDE = re.compile(rf"(?<!\$)\$({NAME})")


def bare_inside(text: str) -> list[str]:
    """The `$1`s inside a longer string, which may have been meant as references."""
    return [] if BARE.fullmatch(text) else BARE_INSIDE.findall(text)


def read_string(text: str, *, bare: bool = False) -> str | Reference | Text:
    """What a string of a plan means. `bare`: insert `$1` without braces too."""
    whole = BARE.fullmatch(text)
    if whole:
        return reference_of(whole)
    parts: list[str | Reference] = []
    literal, place = "", 0
    for mark in _MARK.finditer(text):
        if mark.start() < place:
            continue
        literal += text[place : mark.start()]
        dollars, place = mark[0], mark.end()
        if len(dollars) > 1:
            literal += dollars[1:]
            continue
        inserted = BRACED.match(text, mark.start()) or (
            BARE.match(text, mark.start()) if bare else None
        )
        if inserted is None:
            literal += dollars
            continue
        parts += [literal, reference_of(inserted)] if literal else [reference_of(inserted)]
        literal, place = "", inserted.end()
    literal += text[place:]
    if not parts:
        return literal
    return Text(tuple([*parts, literal] if literal else parts))


def write_string(value: str | Text) -> str:
    """The text that `read_string` reads back, whatever the dialect."""
    if isinstance(value, str):
        return _MARK.sub(lambda mark: mark[0] + "$", value)
    written = "".join(
        f"${{{part.inside}}}" if isinstance(part, Reference) else _escaped(part)
        for part in value.parts
    )
    return written


def _escaped(literal: str) -> str:
    return _MARK.sub(lambda mark: mark[0] + "$", literal)
