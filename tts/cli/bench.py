"""`tts bench`: what the engine costs and what it holds, measured here."""

from __future__ import annotations

import sys

import msgspec
from rich.table import Table

from tts.cli.figures import ruled
from tts.cli.screen import Screen
from tts.engine.fewer_collections import fewer_collections
from tts.errors import UsageError
from tts.eval.bench import BENCHES, BenchOptions, BenchReport, NeedsData, bench
from tts.eval.bench.benches import COLUMNS, cells, markdown

MISSED, NO_DATA = 1, 3


def run_bench(
    name: str, options: BenchOptions, *, whole: bool, as_json: bool, as_markdown: bool
) -> None:
    """Run one benchmark, or all; exits with 1 where a bar was missed, 3 where data is missing."""
    console = Screen()
    if not name and not whole:
        list_benches(console)
        return
    if name and whole:
        raise UsageError("Give the name of one benchmark, or --all.")
    fewer_collections()
    reports = measured(list(BENCHES) if whole else [name], options)
    if as_json:
        for report in reports:
            sys.stdout.write(msgspec.json.encode(report).decode() + "\n")
    elif as_markdown:
        sys.stdout.write(markdown(reports))
    else:
        for report in reports:
            console.print(table(report))
    if not all(report.holds for report in reports):
        sys.exit(MISSED)
    if not reports:
        sys.exit(NO_DATA)


def measured(names: list[str], options: BenchOptions) -> list[BenchReport]:
    """The reports of those that have their data; says which have not."""
    reports = []
    for name in names:
        try:
            reports.append(bench(name, options))
        except NeedsData as missing:
            Screen(stderr=True).print(f"{name}: {missing}")
    return reports


def list_benches(console: Screen) -> None:
    """Names, each with one line."""
    rows = Table.grid(padding=(0, 2))
    for name, line in BENCHES.items():
        rows.add_row(name, line)
    console.print(rows)


def table(report: BenchReport) -> Table:
    """A benchmark for the terminal."""
    found = ruled(f"{report.name}: {report.machine}", *COLUMNS)
    for row in report.rows:
        found.add_row(*(cell.replace("**", "") for cell in cells(row)))
    return found
