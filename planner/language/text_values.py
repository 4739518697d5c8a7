"""Values in compact text: Python and JSON literals, with references and strings that hold some.

`"$1"` alone is the result of call 1 with its type; `"${1} euros"` inserts its text; `$$` before a
digit, a brace or `item` is one literal dollar, and so is `${$}`, also right before a reference. A bare
`$1` inside a longer string is text, unless the dialect is LLMCompiler's.
"""

from __future__ import annotations

import ast
import json
import math
import re
from typing import Any

from tts.planner.language.plan import BARE, BRACED, NAME, Reference, Text, Value, reference_of
from tts.planner.language.typography import MOST_NESTED, QUOTES

_DOLLAR = "${$}"
_MARK = re.compile(rf"\$+(?=\{{?{NAME}|\{{\$\}})")
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
        if text.startswith(_DOLLAR, mark.start()):
            literal, place = literal + "$", mark.start() + len(_DOLLAR)
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
    parts = (value,) if isinstance(value, str) else value.parts
    followed = [isinstance(part, Reference) for part in parts[1:]] + [False]
    return "".join(
        f"${{{part.inside}}}" if isinstance(part, Reference) else _escaped(part, before=inserted)
        for part, inserted in zip(parts, followed, strict=True)
    )


def _escaped(literal: str, *, before: bool) -> str:
    """`before`: a reference follows, whose dollar the last ones of the text must not join."""
    plain = literal.rstrip("$") if before else literal
    return _MARK.sub(lambda mark: mark[0] + "$", plain) + _DOLLAR * (len(literal) - len(plain))


_SPACE = re.compile(r"(?:\s|(?:#|//)[^\n]*)*")
_NUMBER = re.compile(r"[-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_MOST_DIGITS = 1000
_WORD = re.compile(r"[A-Za-z_]\w*")
_WORDS = {"true": True, "True": True, "false": False, "False": False, "null": None, "None": None}


class TextError(Exception):
    """What was expected at a place of the text."""

    def __init__(self, expected: str, place: int) -> None:
        super().__init__(expected)
        self.expected, self.place = expected, place


class Cursor:
    """A place in a text, moved on by whatever is read."""

    def __init__(self, text: str, *, bare: bool = False) -> None:
        self.text, self.bare, self.place = text, bare, 0
        self._depth = 0
        self.dollars: list[str] = []
        """Numbers after bare dollars inside strings."""

    def skip(self) -> None:
        """Go over blanks and comments."""
        match = _SPACE.match(self.text, self.place)
        self.place = match.end() if match else self.place

    def take(self, pattern: re.Pattern[str] | str) -> re.Match[str] | None:
        """Go over what matches here, if it does."""
        self.skip()
        match = re.compile(pattern).match(self.text, self.place)
        if match:
            self.place = match.end()
        return match

    def need(self, pattern: str, expected: str) -> re.Match[str]:
        """Go over what has to stand here; raises `TextError`."""
        match = self.take(pattern)
        if match is None:
            raise TextError(expected, self.place)
        return match

    @property
    def rest(self) -> str:
        return self.text[self.place :]

    def value(self) -> Value:
        """One value; raises `TextError`."""
        self.skip()
        first = self.text[self.place : self.place + 1]
        if first in ("'", '"') and first:
            text = self._quoted()
            self.dollars += [] if self.bare else bare_inside(text)
            return read_string(text, bare=self.bare)
        if first in ("[", "(", "{") and first:
            return self._nested(first)
        if match := (self.take(BRACED) or self.take(BARE)):
            return reference_of(match)
        return self._plain()

    def _nested(self, opening: str) -> Value:
        if self._depth == MOST_NESTED:
            raise TextError(f"at most {MOST_NESTED} brackets inside one another", self.place)
        self._depth += 1
        value: Value = (
            self._dict() if opening == "{" else self._list("]" if opening == "[" else ")")
        )
        self._depth -= 1
        return value

    def _plain(self) -> Any:
        if match := self.take(_NUMBER):
            return _number(match)
        word = self.take(_WORD)
        if word is None or word[0] not in _WORDS:
            self.place = word.start() if word else self.place
            raise TextError("a quoted string, a number, a list, an object or $id", self.place)
        return _WORDS[word[0]]

    def _list(self, closing: str) -> list[Value]:
        self.place += 1
        items: list[Value] = []
        while not self.take(re.escape(closing)):
            items.append(self.value())
            if not self.take(","):
                self.need(re.escape(closing), f"',' or '{closing}'")
                break
        return items

    def _dict(self) -> dict[str, Value]:
        self.place += 1
        fields: dict[str, Value] = {}
        while not self.take(r"\}"):
            self.need(r"(?=['\"])", "a quoted name")
            name = self._quoted()
            self.need(":", "':'")
            fields[name] = self.value()
            if not self.take(","):
                self.need(r"\}", "',' or '}'")
                break
        return fields

    def _quoted(self) -> str:
        self.skip()
        start = self.place
        quote = next(q for q in QUOTES if self.text.startswith(q, start))
        place = start + len(quote)
        if len(quote) == 1 and self.text.startswith(quote, place):
            self.place = place + 1
            return ""
        while place < len(self.text) and not self.text.startswith(quote, place):
            place += 2 if self.text[place] == "\\" else 1
        if place >= len(self.text):
            raise TextError(f"a closing {quote}", start)
        self.place = place + len(quote)
        return _unquoted(self.text[start : self.place], quote)


def _number(match: re.Match[str]) -> int | float:
    digits = match[0].replace("_", "")
    if not re.fullmatch(r"[-+]?\d+", digits):
        number = float(digits)
    elif len(digits) <= _MOST_DIGITS:
        return int(digits)
    else:
        number = math.inf
    if math.isinf(number):
        raise TextError("a number that a computer can hold", match.start())
    return number


def _unquoted(literal: str, quote: str) -> str:
    """The string that a literal stands for: JSON's escapes, else Python's, else as it stands."""
    inside = literal[len(quote) : -len(quote)]
    if "\\" not in inside:
        return inside
    if quote == '"':
        try:
            return str(json.loads(literal, strict=False))
        except ValueError:
            pass
    try:
        tripled = quote * 3 if len(quote) == 1 else quote
        return str(ast.literal_eval(f"{tripled}{inside}{tripled}"))
    except (ValueError, SyntaxError):
        return inside
