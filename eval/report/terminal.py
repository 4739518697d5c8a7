"""The report on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.table import Table
from rich.text import Text

from tts.eval.report.column import Column, Part
from tts.eval.report.columns import COLUMNS, LABELS, Shown, table_of
from tts.eval.report.comparison_report import ComparisonReport
from tts.eval.report.verdicts import HEADS, Verdict, verdicts_of
from tts.values.visible import visible

MARGIN, GAP = 1, 2
"""Cells around a table, and those that its lines and padding take per column."""
BOUNDS = "95 % interval"
"""Title of the bounds, which stand in a column of their own beside their value."""


def render_table(report: ComparisonReport, *, columns: Sequence[Column] = COLUMNS) -> Group:
    """A rich renderable of 80 columns: how right, what selection got of the draws, how right at equal
    spend, how dear, what is decided, then the warnings."""
    accuracy = _fitted(report, columns, "accuracy", title=visible(report.title, 120))
    selection = _fitted(report, columns, "selection")
    spend = _fitted(report, columns, "spend")
    cost = _fitted(report, columns, "cost", "accounts")
    cautions = [Text(f"! {visible(one, 400)}", style="yellow") for one in report.warnings]
    partial = [Text(visible(report.partial, 400), style="bold yellow")] if report.partial else []
    told = [one for one in (selection, spend) if one.telling]
    return Group(*partial, accuracy, *told, cost, *_decided(report), *cautions)


def _decided(report: ComparisonReport) -> list[Fitted | Text]:
    """One block; reports from before say it in their own sentences."""
    found = verdicts_of(report.rows)
    if not found.lines:
        return [Text(visible(one, 400)) for one in report.verdicts]
    told = [_words_of(one) for one in found.lines]
    known = [at for at in range(len(HEADS)) if any(words[at] for words in told)]
    lines = [
        (visible(one.row.strategy, 60), visible(one.row.budget, 30), *(words[at] for at in known))
        for one, words in zip(found.lines, told, strict=True)
    ]
    title = f"What is decided, against {visible(found.baseline, 60)}"
    return [Fitted([HEADS[at] for at in known], lines, title, caption=found.told)]


def _words_of(one: Verdict) -> tuple[str, ...]:
    return one.said, one.shows, one.would_do


def _fitted(
    report: ComparisonReport, columns: Sequence[Column], *parts: Part, title: str = ""
) -> Fitted:
    table = table_of(report.rows, "terminal", parts, columns=columns)
    lines = [
        (visible(row.strategy, 60), visible(row.budget, 30), *_figures(cells))
        for row, cells in table.lines
    ]
    return Fitted(titles(table.columns), lines, title)


def titles(columns: Iterable[Column]) -> list[str]:
    """The titles of columns; bounds have one too."""
    return [title for one in columns for title in (one.title, BOUNDS)[: 1 + bool(one.interval)]]


def _figures(cells: Iterable[Shown]) -> list[str]:
    return [
        text for one in cells for text in (one.text, one.bounds)[: 1 + bool(one.column.interval)]
    ]


class Fitted:
    """A table, labels such as a strategy and a budget before the figures, that never breaks a word.

    Where labels and figures have no room side by side, a strategy goes on below itself; where that
    is not enough, the rows are numbered and their names stand below the table; and where even that
    is not, the figures go on in a table of their own.
    """

    def __init__(
        self,
        figures: Sequence[str],
        rows: Sequence[Sequence[str]],
        title: str = "",
        *,
        labels: Sequence[str] = LABELS,
        caption: str = "",
    ) -> None:
        """`caption` stands below it."""
        self.figures, self.rows, self.title = figures, rows, title
        self.labels, self.caption = labels, caption

    @property
    def telling(self) -> bool:
        """Whether any row has a figure here."""
        return any(any(row[len(self.labels) :]) for row in self.rows)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from self._fitted(options.max_width)
        if self.caption:
            yield Text(self.caption)

    def _fitted(self, room: int) -> Iterator[Table | Text]:
        names, count = (*self.labels, *self.figures), len(self.labels)
        below = [(row[0].replace("(", "\n(", 1), *row[1:]) for row in self.rows]
        for rows in (self.rows, below):
            if widths := _widths([names, *rows], room):
                yield self._table(names, rows, widths, labels=count)
                return
        most = self._side_by_side(room)
        if most < len(self.figures):
            for part in (slice(0, most), slice(most, None)):
                yield from self._part(part)._fitted(room)
            return
        numbered = self._numbered(most)
        yield self._table(numbered[0], numbered[1:], _widths(numbered, room), labels=1)
        for place, row in enumerate(self.rows, start=1):
            yield Text(f" {place}  {', '.join(row[:count])}")

    def _numbered(self, most: int) -> list[tuple[str, ...]]:
        """The head and the rows by their numbers, with the first so many figures."""
        end = len(self.labels) + most
        rows = (row[len(self.labels) : end] for row in self.rows)
        return [("row", *self.figures[:most]), *((str(at), *row) for at, row in enumerate(rows, 1))]

    def _side_by_side(self, room: int) -> int:
        """How many figures have room beside a number, at least one."""
        offered = range(len(self.figures), 1, -1)
        return next((most for most in offered if _widths(self._numbered(most), room)), 1)

    def _part(self, some: slice) -> Fitted:
        """The same rows with some of the figures; the first ones keep the title."""
        count = len(self.labels)
        rows = [(*row[:count], *row[count:][some]) for row in self.rows]
        title = "" if some.start else self.title
        return Fitted(self.figures[some], rows, title, labels=self.labels)

    def _table(
        self,
        names: Sequence[str],
        rows: Sequence[Sequence[str]],
        widths: Sequence[int] | None,
        *,
        labels: int,
    ) -> Table:
        table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
        if self.title:
            table.title, table.title_justify = Text(self.title), "left"
        for place, name in enumerate(names):
            width = widths[place] if widths else None
            table.add_column(name, justify="left" if place < labels else "right", width=width)
        for row in rows:
            table.add_row(*map(Text, row))
        return table


def _widths(lines: Sequence[Sequence[str]], room: int) -> list[int] | None:
    """Cells per column so that no word is broken; None where there is not so much room.

    A column first gets its longest word, then, from the left, what keeps it on one line.
    """
    columns = list(zip(*lines, strict=True))
    least = [max(cell_len(word) for cell in column for word in _words(cell)) for column in columns]
    whole = [max(cell_len(line) for cell in column for line in _lines(cell)) for column in columns]
    left = room - MARGIN - GAP * len(columns) - sum(least)
    if left < 0:
        return None
    for place, width in enumerate(whole):
        more = min(left, width - least[place])
        least[place] += more
        left -= more
    return least


def _words(cell: str) -> list[str]:
    return cell.split() or [""]


def _lines(cell: str) -> list[str]:
    return cell.split("\n")
