"""The report on a terminal."""

from __future__ import annotations

from rich.console import Group
from rich.table import Table
from rich.text import Text

from tts.eval.report import wording
from tts.eval.report.comparison_report import ComparisonReport
from tts.eval.report.row import Row
from tts.eval.report.visible import visible

_COLUMNS = ("accuracy %", "95 % interval", "Δ", "p (Holm)", "tokens/run", "billed", "$/run", "n")


def render_table(report: ComparisonReport) -> Group:
    """A rich renderable: one line per row, then the verdicts and warnings."""
    table = Table(title=Text(visible(report.title, 120)), title_justify="left")
    table.add_column("strategy", overflow="fold")
    table.add_column("budget")
    for name in _COLUMNS:
        table.add_column(name, justify="right", no_wrap=True)
    for row in report.rows:
        table.add_row(*(Text(cell) for cell in _cells(row)))
    sentences = [Text(visible(one, 400)) for one in report.verdicts]
    cautions = [Text(f"! {visible(one, 400)}", style="yellow") for one in report.warnings]
    return Group(table, *sentences, *cautions)


def _cells(row: Row) -> list[str]:
    found, difference = row.accuracy, row.difference
    return [
        visible(row.strategy, 60),
        visible(row.budget, 30),
        wording.percent(found.value) if found else wording.UNKNOWN,
        wording.interval(found) if found else "",
        wording.gap(difference.estimate) if difference else "",
        wording.chance(row.p_holm) if difference else "",
        wording.count(row.tokens_per_run),
        wording.count(row.billed.tokens),
        wording.money(row.dollars_per_run),
        str(row.n),
    ]
