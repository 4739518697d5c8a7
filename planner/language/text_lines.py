"""Lines of compact text: how statements begin, where they end, and what is left of broken ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from msgspec import Struct

from tts.planner.language.statements import Fault
from tts.planner.language.typography import QUOTES

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


class UnreadLines:
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


_OPEN, _CLOSE = "([{", ")]}"


class Scan(Struct, frozen=True):
    """How far a statement is open after some of its lines."""

    depth: int = 0
    quote: str = ""

    @property
    def closed(self) -> bool:
        return self.depth <= 0 and not self.quote


def scanned(text: str, state: Scan) -> Scan:
    """The state after more text; a `#` or `//` outside quotes hides the rest of its line."""
    depth, quote, place = state.depth, state.quote, 0
    while place < len(text):
        if quote:
            if text[place] == "\\":
                place += 2
                continue
            if text.startswith(quote, place):
                place += len(quote)
                quote = ""
                continue
        elif opened := next((q for q in QUOTES if text.startswith(q, place)), ""):
            empty = len(opened) == 1 and text.startswith(opened, place + 1)
            place += 2 if empty else len(opened)
            quote = "" if empty else opened
            continue
        elif text[place] == "#" or text.startswith("//", place):
            end = text.find("\n", place)
            place = len(text) if end < 0 else end
            continue
        else:
            depth += (text[place] in _OPEN) - (text[place] in _CLOSE)
        place += 1
    return Scan(depth, quote)
