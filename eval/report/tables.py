"""A report's tables as records, for pandas, Parquet and notebooks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, Protocol

from msgspec import to_builtins

from tts.errors import BadInput, UnknownName, UsageError
from tts.eval.report.column import Column
from tts.eval.report.columns import Shown, table_of
from tts.eval.report.rows import Row
from tts.values.notebook import data_frame, html_table, shown

Record = dict[str, Any]


class Tabled(Protocol):
    """What a report has tables of."""

    @property
    def title(self) -> str: ...

    @property
    def partial(self) -> str: ...

    @property
    def rows(self) -> Sequence[Row]: ...

    @property
    def problems(self) -> Sequence[Any]:
        """Lines of problems, a cell per row."""
        ...


def rows(report: Tabled) -> Iterator[Record]:
    """One for each strategy under a budget; a column with an interval is three."""
    for row, cells in table_of(report.rows, "csv").lines:
        values = [
            pair
            for cell in cells
            for pair in zip(names_of(cell.column), values_of(cell), strict=True)
        ]
        yield {"strategy": row.strategy, "budget": row.budget, **dict(values)}


def problems(report: Tabled) -> Iterator[Record]:
    """One for each problem and row that ran it."""
    for line in report.problems:
        known = {
            name: getattr(line, name)
            for name in ("problem_id", "prompt", "reference", "difficulty_bin")
        }
        for row, cell in zip(report.rows, line.cells, strict=True):
            if cell is not None:
                told = to_builtins(cell)
                spent = told.pop("attributed")
                yield {**known, "strategy": row.strategy, "budget": row.budget, **told, **spent}


def spend(report: Tabled) -> Iterator[Record]:
    """One for each row and role: what its calls would have cost alone."""
    for row in report.rows:
        for one in row.spend:
            labels = {"strategy": row.strategy, "budget": row.budget, "role": one.role}
            yield {**labels, "runs": row.runs, **to_builtins(one.usage)}


Table = Literal["rows", "problems", "spend"]
TABLES: Mapping[str, Callable[[Tabled], Iterator[Record]]] = {
    "rows": rows,
    "problems": problems,
    "spend": spend,
}


def records(report: Tabled, table: str) -> list[Record]:
    """The records of a table; raises `UnknownName`."""
    if table not in TABLES:
        raise UnknownName("table", table, TABLES)
    return list(TABLES[table](report))


def to_frame(report: Tabled, table: str) -> Any:
    """As a pandas DataFrame; raises `UsageError` where pandas is missing."""
    found = records(report, table)
    try:
        return data_frame(found)
    except ImportError as error:
        raise UsageError(str(error)) from error


def write_parquet(report: Tabled, folder: Path) -> list[Path]:
    """A file for each table that holds something, in a folder that is there.

    Raises `UsageError` where pyarrow is missing, `BadInput` where nothing can be written.
    """
    try:
        pyarrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError as error:
        raise UsageError("Parquet needs pyarrow: pip install 'tts-engine[parquet]'.") from error
    written = []
    for name in TABLES:
        if found := records(report, name):
            target = folder / f"{name}.parquet"
            try:
                parquet.write_table(pyarrow.Table.from_pylist(found), target)
            except OSError as error:
                raise BadInput(f"{target} cannot be written: {error.strerror}.") from error
            written.append(target)
    return written


def report_html(report: Tabled, headline: str) -> str:
    """A sentence and the table of results, for a notebook."""
    lines = [
        {"strategy": row.strategy, "budget": row.budget}
        | {
            cell.column.title: f"{cell.text} [{cell.bounds}]" if cell.bounds else cell.text
            for cell in cells
        }
        for row, cells in table_of(report.rows, "page", ("accuracy", "cost")).lines
    ]
    said = "".join(f"<p>{shown(one)}</p>" for one in (headline, report.partial) if one)
    return said + html_table(lines, caption=report.title)


def names_of(column: Column) -> Iterator[str]:
    """What a column is called by programs, with its bounds where it has an interval."""
    yield column.name
    if column.interval:
        yield f"{column.name}_low"
        yield f"{column.name}_high"


def values_of(cell: Shown) -> Iterator[Any]:
    """In the order of `names_of`."""
    yield cell.value
    if cell.column.interval:
        yield cell.interval.low if cell.interval else None
        yield cell.interval.high if cell.interval else None
