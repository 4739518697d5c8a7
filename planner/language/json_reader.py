"""A plan as one JSON object, read as it is written."""

from __future__ import annotations

import json
from typing import Any

from tts.planner.language.json_form import JSONFault, call_from_json, from_json
from tts.planner.language.statements import Answer, Drop, Fault, Statement
from tts.planner.language.typography import DOUBLE, MOST_NESTED, SIGNS, strict_json

_CALLS_DEPTH = 2
"""Brackets open around an element of `{"calls": [`."""


class JSONReader:
    """Seals a call with the closing brace of its object, everything else with the plan's own.

    What stands before the first brace, or behind the last, is left out.
    """

    def __init__(self) -> None:
        self._text, self._place = "", 0
        self._open: list[str] = []
        self._done = self._hidden = False
        """Whether the plan has ended; whether a comment hides the rest of the line."""
        self._closers = ""
        """What closes the string that is open; empty: none is."""
        self._string = self._start = self._line = self._root = 0
        self._counted, self._lines = 0, 1
        self._key, self._last = "", ""

    def feed(self, text: str) -> list[Statement]:
        """The calls that this piece of text completes."""
        self._text += text
        found: list[Statement] = []
        while self._place < len(self._text) and not self._done:
            letter = self._text[self._place]
            if self._closers:
                if not self._inside(letter):
                    break
            elif self._hidden:
                self._hidden = letter != "\n"
            else:
                found += self._outside(SIGNS.get(letter, letter))
            self._place += 1
        return found

    def end(self) -> list[Statement]:
        """Nothing, or the fault of a plan that was cut off."""
        if self._done:
            return []
        got = repr(self._text[-40:]) if self._text.strip() else "nothing"
        return [self._fault("a complete JSON object", got, self._text.count("\n") + 1)]

    def _inside(self, letter: str) -> bool:
        """One letter of a string; False where the one after it has to be seen first."""
        if letter == "\\":
            if self._place + 1 == len(self._text):
                return False
            self._place += 1
        elif letter in self._closers:
            self._closers = ""
            self._last = self._text[self._string + 1 : self._place]
        return True

    def _outside(self, letter: str) -> list[Statement]:
        if not self._open:
            return self._enter(letter) if letter == "{" else []
        if letter == '"' or letter in DOUBLE:
            self._closers = '"' if letter == '"' else DOUBLE + '"'
            self._string = self._place
        elif letter in "#/":
            self._hidden = True
        elif letter == ":" and len(self._open) == 1:
            self._key = self._last
        elif letter in "{[":
            return self._enter(letter)
        elif letter in "}]":
            return self._leave()
        return []

    def _enter(self, letter: str) -> list[Statement]:
        if not self._open:
            self._root, self._line = self._place, self._line_at(self._place)
        elif self._key == "calls" and len(self._open) == _CALLS_DEPTH:
            self._start, self._line = self._place, self._line_at(self._place)
        self._open.append(letter)
        if len(self._open) <= MOST_NESTED:
            return []
        self._done = True
        expected = f"at most {MOST_NESTED} brackets inside one another"
        return [self._fault(expected, repr(self._text[self._place - 20 : self._place]), self._line)]

    def _line_at(self, place: int) -> int:
        """The line of a place behind those asked for before."""
        self._lines += self._text.count("\n", self._counted, place)
        self._counted = place
        return self._lines

    def _leave(self) -> list[Statement]:
        self._open.pop()
        if self._key == "calls" and len(self._open) == _CALLS_DEPTH:
            return [self._call(self._text[self._start : self._place + 1])]
        if self._open:
            return []
        self._done = True
        return self._rest(self._text[self._root : self._place + 1])

    def _call(self, text: str) -> Statement:
        try:
            return Statement(call_from_json(_loads(text)), self._line)
        except JSONFault as fault:
            return self._fault(fault.expected, repr(fault.got)[:60], self._line)
        except ValueError as error:
            return self._fault("valid JSON", str(error), self._line)

    def _rest(self, text: str) -> list[Statement]:
        """Drops and the answer, which the whole object holds; elements that are no calls."""
        line = self._line_at(self._place)
        try:
            whole: dict[str, Any] = _loads(text)
            found = [Statement(Drop(number), line) for number in _listed(whole, "drop", int)]
            _listed(whole, "calls", dict)
            if whole.get("join"):
                found.append(Statement(Answer(joined=True), line))
            elif "answer" in whole:
                found.append(Statement(Answer(from_json(whole["answer"])), line))
            return found
        except JSONFault as fault:
            return [self._fault(fault.expected, repr(fault.got)[:60], line)]
        except ValueError as error:
            return [self._fault("valid JSON", str(error), line)]

    def _fault(self, expected: str, got: str, line: int) -> Statement:
        message = "the JSON plan cannot be read"
        return Statement(
            Fault(kind="syntax", message=message, line=line, expected=expected, got=got), line
        )


def _loads(text: str) -> Any:
    """JSON as it is, else as it was meant; raises `ValueError`."""
    try:
        return json.loads(text, strict=False)
    except ValueError:
        return json.loads(strict_json(text), strict=False)


def _listed(whole: dict[str, Any], key: str, kind: type) -> list[Any]:
    """A list of a plan, of one kind of element; raises `JSONFault`."""
    found = whole.get(key) or []
    strange = found if not isinstance(found, list) else [x for x in found if type(x) is not kind]
    if strange or not isinstance(found, list):
        what = "calls as objects" if kind is dict else "numbers of calls"
        raise JSONFault(f"a list of {what} under {key}", strange)
    return found
