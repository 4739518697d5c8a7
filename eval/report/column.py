"""What a column of a report is: a title, a value, the value in words, and how sure it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, get_args

from msgspec import Struct

from tts.eval.report import wording
from tts.eval.report.rows import Row
from tts.eval.statistics import Estimate

View = Literal["terminal", "markdown", "page", "csv"]
Part = Literal["accuracy", "selection", "spend", "cost", "accounts"]
"""Tables of their own where one would be too wide."""
PARTS: tuple[Part, ...] = get_args(Part)
WIDE: tuple[View, ...] = ("terminal",)
NARROW: tuple[View, ...] = ("terminal", "markdown")
"""Views that have no room for what is not needed at once."""
READ: tuple[View, ...] = ("terminal", "markdown", "page")
"""Views that people read."""
_WRITTEN = {"/": "_per_", "÷": "over", "$": "dollars", "%": "", "(": "", ")": ""}


Value = float | str | None
Get = Callable[[Row, Row | None], Value]
"""Called with a row and the baseline's row that it is compared with, None where there is none."""


class Interval(Struct, frozen=True):
    """How sure the value of a column is."""

    of: Callable[[Row], Estimate | None]
    format: Callable[[Estimate], str]
    absent: Callable[[Row], str]
    """What to say where there is none; empty: nothing."""

    def text(self, row: Row) -> str:
        """The bounds in words; empty where there is nothing to be sure of."""
        found = self.of(row)
        if found is None:
            return self.absent(row)
        return self.format(found)


class Column(Struct, frozen=True):
    """A figure of a row: its title, its value, and the value in words."""

    title: str
    value: Get
    format: Callable[[Any], str] = str
    """Called with a value that is known."""
    interval: Interval | None = None
    part: Part = "cost"
    unknown: str = wording.UNKNOWN
    """In place of a value that is not known; empty where having none is in order."""
    written: str = ""
    """The name for programs; empty: made of the title."""
    left_out: tuple[View, ...] = ()
    """Views that have no room for it, or say it in another way."""

    @property
    def name(self) -> str:
        """As programs read it: `tokens_per_run` for `tokens/run`."""
        if self.written:
            return self.written
        plain = "".join(_WRITTEN.get(mark, mark) for mark in self.title)
        return "_".join(plain.lower().split())
