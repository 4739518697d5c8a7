"""How lines of compact text begin, and lines that look like what is left of a statement."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from msgspec import Struct

from tts.planner.language.fault import Fault

LEAD = (
    r"[ \t]*(?:[-*+>|•·▪◦●‣–—][ \t]+(?:\[[ xX]\][ \t]+)?)*\**`?"
    r"(?:(?i:step|call|task|action)[ \t]+(?=\d))?"
)
NUMBER = (
    r"(?:[(\[]?(?P<n>\d+)\**\\?(?:[ \t]*[.):\]|]+|[ \t]*[-–—>]+(?=[ \t])|(?=[ \t][^\W\d]\w*\())\**"
    r"|\$(?P<m>\d+)[ \t]*=)[ \t]*\**`?"
)
NAME = r"[^\W\d][\w.-]*"
ANSWER = r"(?:answer|(?i:answer)(?=[`*]*[ \t]*[=:][ \t]*[$\d\"'\[{]))[`*]*[ \t]*[=:]"
JOIN = r"(?:join|finish)(?:[ \t]*\([ \t]*\)|(?=[`*.; \t]*$))"
_ANY_NUMBER = re.sub(r"\?P<[nm]>", "?:", NUMBER)
HEAD = re.compile(
    rf"{LEAD}(?:{NUMBER}(?=[ \t]*(?:[^\s()]+[ \t]*\(|(?:if|unless)\b.*:|each\b.*:|$))"
    rf"|(?P<before>{_ANY_NUMBER})?"
    rf"(?:(?P<answer>{ANSWER}|answer[ \t]*\()|(?P<join>{JOIN}))|(?P<drop>drop[ \t]+\$?\d))"
)
_NUMBERED = re.compile(rf"{LEAD}{NUMBER}(?P<rest>.*)")
_BROKEN_CALL = re.compile(rf"{NAME}[`*]*[ \t]*(?:$|[=$\"'\[{{]|\w+[ \t]*=)")
"""What is left of a call whose bracket is missing: a name alone, or before values."""
_BARE_CALL = re.compile(
    rf"{LEAD}(?:\w+[ \t]*[=:][ \t]*)?(?P<call>{NAME}\(.*\))[`;.]*[ \t]*(?:(?:#|//).*)?$"
)
_CUT = frozenset(word[:n] for word in ("answer", "drop") for n in range(2, len(word) + 1))


class _Line(Struct, frozen=True):
    line: int
    text: str
    number: int
    """0: it has none."""
    follows: bool
    """Whether it stands right behind a statement and has the next number."""


class Leftovers:
    """Lines that start no statement. Most are thoughts; which were none is known at the end.

    A line is a fault where no statement has its number and it looks like a call, or it goes on
    where the calls stop; where it is a call that only lacks its number; where it is the last one
    and the beginning of a word that ends plans.
    """

    def __init__(self) -> None:
        self.numbers: set[int] = set()
        """Of every statement, faulty ones among them."""
        self._lines: list[_Line] = []
        self._last = 0
        """Number of the statement right before; 0: there is none."""

    def statement(self, number: int) -> None:
        """A statement begins; 0: it has no number."""
        self._last = number
        self.numbers |= {number} if number else set()

    def left(self, line: int, text: str) -> None:
        """A line that begins none."""
        if not text.strip():
            return
        found = _NUMBERED.match(text)
        number = int(found["n"] or found["m"]) if found else 0
        follows = number > 1 and number == self._last + 1
        self._last = number if follows else 0
        self._lines.append(_Line(line, text, number, follows))

    def faults(self, last: int, is_call: Callable[[str], bool]) -> Iterator[Fault]:
        """Once all is read. `last`: the text's last line; `is_call`: whether a text is one."""
        for one in self._lines:
            if not one.number:
                bare = _BARE_CALL.match(one.text)
                cut = one.line == last and one.text.strip() in _CUT
                if cut or (bare and is_call(bare["call"])):
                    yield _unread(one, "a number before the call, or answer = $N")
            elif one.number not in self.numbers and (one.follows or _looks_broken(one.text)):
                yield _unread(one, "a call such as tool(name=value)")


def _looks_broken(text: str) -> bool:
    found = _NUMBERED.match(text)
    return found is not None and _BROKEN_CALL.match(found["rest"].strip()) is not None


def _unread(line: _Line, expected: str) -> Fault:
    return Fault(
        kind="unread line",
        message="it is no call",
        line=line.line,
        call=line.number,
        expected=expected,
        got=repr(line.text.strip()[:60]),
    )
