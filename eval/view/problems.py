"""The problems of a report, filtered and by the page; and two rows, problem by problem."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from tts.errors import UnknownName
from tts.eval.report.comparison_report import Cell, ComparisonReport, ProblemLine
from tts.eval.report.kinds import Kind, is_of, kind_of
from tts.eval.report.rows import Row

PAGE = 100
"""Problems on one page."""


class Listing(Struct, frozen=True, kw_only=True):
    """A page of problems."""

    wanted: Kind
    row: int | None
    """The place of the row by which it is of that kind; None: by any."""
    lines: tuple[ProblemLine, ...]
    page: int
    """From 1 on."""
    pages: int
    found: int
    """Problems on all pages."""


def listing(report: ComparisonReport, wanted: str, page: int, row: int | None = None) -> Listing:
    """The problems of a kind, by all rows or by one; a page outside is the nearest.

    Raises `UnknownName` for a filter or a row that there is not.
    """
    kind = kind_of(wanted)
    _known(report, *(() if row is None else (row,)))
    found = [line for line in report.problems if is_of(line, kind, row)]
    pages = max(1, -(-len(found) // PAGE))
    page = min(max(1, page), pages)
    lines = tuple(found[(page - 1) * PAGE : page * PAGE])
    return Listing(wanted=kind, row=row, lines=lines, page=page, pages=pages, found=len(found))


def _known(report: ComparisonReport, *places: int) -> None:
    for place in places:
        if not 0 <= place < len(report.rows):
            raise UnknownName("row", str(place), map(str, range(len(report.rows))))


class Pair(Struct, frozen=True, kw_only=True):
    """Two rows over the problems that both were graded on."""

    first: Row
    second: Row
    both: int
    first_only: int
    second_only: int
    neither: int
    mixed: int
    """Problems on which several runs of a row disagree."""
    apart: tuple[ProblemLine, ...]
    """Problems on which the rows differ, the first `PAGE` of them."""
    columns: tuple[int, int]


def pair(report: ComparisonReport, first: int, second: int) -> Pair:
    """Two rows by their places; raises `UnknownName` where there is none."""
    _known(report, first, second)
    graded = list(_graded(report.problems, first, second))
    ends = [(_share(a), _share(b)) for _, a, b in graded]
    return Pair(
        first=report.rows[first],
        second=report.rows[second],
        both=ends.count((1.0, 1.0)),
        first_only=ends.count((1.0, 0.0)),
        second_only=ends.count((0.0, 1.0)),
        neither=ends.count((0.0, 0.0)),
        mixed=sum(any(0 < one < 1 for one in end) for end in ends),
        apart=tuple(line for line, a, b in graded if _share(a) != _share(b))[:PAGE],
        columns=(first, second),
    )


def _graded(
    lines: Sequence[ProblemLine], first: int, second: int
) -> Iterator[tuple[ProblemLine, Cell, Cell]]:
    for line in lines:
        a, b = line.cells[first], line.cells[second]
        if a is not None and b is not None and a.graded and b.graded:
            yield line, a, b


def _share(cell: Cell) -> float:
    return cell.correct / cell.graded
