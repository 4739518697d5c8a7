"""Which problems of a report are worth a look: those on which a row is wrong, rows disagree, or a
run failed."""

from __future__ import annotations

from typing import Literal, get_args

from tts.errors import UnknownName
from tts.eval.report.comparison_report import ProblemLine

Kind = Literal["all", "wrong", "disagreement", "failed"]
KINDS: dict[Kind, str] = {
    "all": "all",
    "wrong": "a row is wrong",
    "disagreement": "rows disagree",
    "failed": "a run failed",
}
"""Each in words."""


def kind_of(text: str) -> Kind:
    """Raises `UnknownName` for a filter that there is not."""
    for kind in get_args(Kind):
        if kind == text:
            return kind  # type: ignore[no-any-return]
    raise UnknownName("filter", text, get_args(Kind))


def is_of(line: ProblemLine, kind: Kind, row: int | None = None) -> bool:
    """Whether a problem is of a kind, by all rows or by the one at a place; rows disagree with one
    where their share of right answers is another."""
    cells = [cell for cell in line.cells if cell is not None]
    own = cells if row is None else [cell for cell in (line.cells[row],) if cell is not None]
    if kind == "wrong":
        return any(cell.correct < cell.graded for cell in own)
    if kind == "failed":
        return any(cell.error is not None or cell.graded < cell.runs for cell in own)
    if kind == "disagreement":
        shares = {cell.correct / cell.graded for cell in cells if cell.graded}
        return len(shares) > 1 and any(cell.graded for cell in own)
    return bool(own) or row is None


def kinds_of(line: ProblemLine) -> str:
    """The kinds of a problem but `all`, by a blank apart."""
    return " ".join(kind for kind in KINDS if kind != "all" and is_of(line, kind))
