"""The report on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from tts.eval.report import wording
from tts.eval.report.comparison_report import ComparisonReport
from tts.eval.report.row import Row
from tts.values.visible import visible

ACCURACY = ("accuracy %", "95 % interval", "Δ", "Δ interval", "p (Holm)", "n")
COST = ("tokens/run", "billed", "$/run", "s/run", "stopped by")


def render_table(report: ComparisonReport) -> Group:
    """A rich renderable of 80 columns: how right, how dear, then the verdicts and warnings."""
    accuracy = _table(report.title, ACCURACY, report.rows, _accuracy)
    cost = _table("", COST, report.rows, _cost)
    sentences = [Text(visible(one, 400)) for one in report.verdicts]
    cautions = [Text(f"! {visible(one, 400)}", style="yellow") for one in report.warnings]
    partial = [Text(visible(report.partial, 400), style="bold yellow")] if report.partial else []
    return Group(*partial, accuracy, cost, *sentences, *cautions)


def _table(
    title: str, names: Sequence[str], rows: Sequence[Row], cells: Callable[[Row], list[str]]
) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    if title:
        table.title, table.title_justify = Text(visible(title, 120)), "left"
    table.add_column("strategy", overflow="fold", min_width=12)
    table.add_column("budget", overflow="fold", min_width=6)
    for name in names:
        table.add_column(name, justify="right", overflow="fold")
    for row in rows:
        labels = (visible(row.strategy, 60), visible(row.budget, 30))
        table.add_row(*(Text(cell) for cell in (*labels, *cells(row))))
    return table


def _accuracy(row: Row) -> list[str]:
    found, difference = row.accuracy, row.difference
    return [
        wording.percent(found.value) if found else wording.UNKNOWN,
        wording.sure(found, row.n) if found else "",
        wording.gap(difference.estimate) if difference else "",
        wording.gap_interval(difference.estimate) if difference else _no_difference(row),
        wording.chance(row.p_holm) if difference else "",
        str(row.n),
    ]


def _no_difference(row: Row) -> str:
    return "" if row.against is None else wording.TOO_FEW


def _cost(row: Row) -> list[str]:
    seconds = wording.UNKNOWN if row.seconds is None else f"{row.seconds / max(1, row.runs):.2f}"
    return [
        wording.count(row.tokens_per_run),
        wording.count(row.billed.tokens),
        wording.money(row.dollars_per_run),
        seconds,
        ", ".join(f"{reason} {count}" for reason, count in row.stopped_by.items()),
    ]
