"""What is wrong with a plan, and where."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Literal

from msgspec import Struct

FaultKind = Literal[
    "no plan",
    "syntax",
    "unread line",
    "duplicate id",
    "unknown tool",
    "missing argument",
    "extra argument",
    "ill-typed argument",
    "unknown reference",
    "forward reference",
    "unknown field",
    "ill-typed reference",
    "ambiguous dollar",
    "cycle",
    "too large",
]


class Fault(Struct, frozen=True, kw_only=True):
    """One fault; a plan with any of them is not run."""

    kind: FaultKind
    message: str
    line: int = 0
    """1 for the first; 0: not of one line."""
    call: int = 0
    tool: str = ""
    target: int = 0
    """The call that an unknown reference asks for."""
    expected: str = ""
    got: str = ""
    nearest: str = ""

    def __str__(self) -> str:
        where = [f"line {self.line}"] if self.line else []
        where += [f"call {self.call}"] if self.call else []
        where += [self.tool] if self.tool else []
        parts = [f"{', '.join(where) or 'plan'}: {self.kind}: {self.message}"]
        parts += [f"expected {self.expected}"] if self.expected else []
        parts += [f"got {self.got}"] if self.got else []
        parts += [f"did you mean {self.nearest}?"] if self.nearest else []
        return "; ".join(parts)


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that is most like a wrong one; empty where none is."""
    names = list(known)
    folded = {known_name.replace("_", "").lower(): known_name for known_name in names}
    same = folded.get(name.replace("_", "").lower())
    return same or next(iter(get_close_matches(name, names, n=1)), "")
