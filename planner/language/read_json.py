"""A plan as one JSON object, read as it is written."""

from __future__ import annotations

import json
from typing import Any

from tts.planner.language.fault import Fault
from tts.planner.language.json_calls import call_from_json
from tts.planner.language.json_values import JSONFault, from_json
from tts.planner.language.sealed import Answer, Drop, Sealed

_CALLS_DEPTH = 2
"""Brackets open around an element of `{"calls": [`."""


class JSONReader:
    """Seals a call with the closing brace of its object, everything else with the plan's own.

    What stands before the first brace, or behind the last, is left out.
    """

    def __init__(self) -> None:
        self._text, self._place = "", 0
        self._open: list[str] = []
        self._quoted = self._done = False
        self._string = self._start = self._line = 0
        self._key, self._last = "", ""

    def feed(self, text: str) -> list[Sealed]:
        """The calls that this piece of text completes."""
        self._text += text
        found: list[Sealed] = []
        while self._place < len(self._text) and not self._done:
            letter = self._text[self._place]
            if self._quoted:
                if not self._inside(letter):
                    break
            else:
                found += self._outside(letter)
            self._place += 1
        return found

    def end(self) -> list[Sealed]:
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
        elif letter == '"':
            self._quoted = False
            self._last = self._text[self._string + 1 : self._place]
        return True

    def _outside(self, letter: str) -> list[Sealed]:
        if letter == '"' and self._open:
            self._quoted, self._string = True, self._place
        elif letter == ":" and len(self._open) == 1:
            self._key = self._last
        elif letter == "{" or (letter == "[" and self._open):
            self._enter(letter)
        elif letter in "}]" and self._open:
            return self._leave()
        return []

    def _enter(self, letter: str) -> None:
        if not self._open or (self._key == "calls" and len(self._open) == _CALLS_DEPTH):
            start = self._place
            if self._open:
                self._start, self._line = start, self._text.count("\n", 0, start) + 1
            else:
                self._text, self._place = (
                    "\n" * self._text.count("\n", 0, start) + self._text[start:],
                    0,
                )
                self._place = len(self._text) - len(self._text.lstrip("\n"))
                self._root = self._place
        self._open.append(letter)

    def _leave(self) -> list[Sealed]:
        self._open.pop()
        if self._key == "calls" and len(self._open) == _CALLS_DEPTH:
            return [self._call(self._text[self._start : self._place + 1])]
        if self._open:
            return []
        self._done = True
        return self._rest(self._text[self._root : self._place + 1])

    def _call(self, text: str) -> Sealed:
        try:
            return Sealed(call_from_json(json.loads(text, strict=False)), self._line)
        except JSONFault as fault:
            return self._fault(fault.expected, repr(fault.got)[:60], self._line)
        except ValueError as error:
            return self._fault("valid JSON", str(error), self._line)

    def _rest(self, text: str) -> list[Sealed]:
        """Drops and the answer, which the whole object holds."""
        line = self._text.count("\n") + 1
        try:
            whole: dict[str, Any] = json.loads(text, strict=False)
            found = [Sealed(Drop(number), line) for number in whole.get("drop", ())]
            if whole.get("join"):
                found.append(Sealed(Answer(joined=True), line))
            elif "answer" in whole:
                found.append(Sealed(Answer(from_json(whole["answer"])), line))
            return found
        except JSONFault as fault:
            return [self._fault(fault.expected, repr(fault.got)[:60], line)]
        except (ValueError, TypeError) as error:
            return [self._fault("valid JSON", str(error), line)]

    def _fault(self, expected: str, got: str, line: int) -> Sealed:
        message = "the JSON plan cannot be read"
        return Sealed(
            Fault(kind="syntax", message=message, line=line, expected=expected, got=got), line
        )
