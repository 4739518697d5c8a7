"""`tts cascade`: a cheap model's sure answers, and the next model for the others."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from tts.cli.exits import run
from tts.cli.figures import amount, amounts_of, gap, plain_table
from tts.cli.screen import Screen, json_text, write_out
from tts.eval.cascade import CascadeReport, cascades
from tts.eval.replay import Asked
from tts.eval.replay.lab import pools_asked
from tts.values.visible import visible


def show_cascades(
    asked: Asked, *, signal: str, cost: str, at: str, depth: int, as_json: bool
) -> None:
    """Replay every cascade of the recorded models and show the best ones by budget."""
    budgets = amounts_of(at, "--at")
    pools = run(pools_asked(asked))
    report = cascades(
        pools, signal=signal, cost=cost, budgets=budgets, depth=depth, seed=asked.seed
    )
    if as_json:
        write_out(json_text(report))
        return
    console = Screen()
    count = (
        f"{report.problems} problems, {len(report.settings)} models; by {report.cost} a problem."
    )
    console.print(
        Text(f"{count}\nIn hindsight, then chosen on some problems and judged on others:")
    )
    console.print(points_table(report))
    for point in report.points:
        told = f"{amount(point.budget, report.cost)}  {point.chosen.label}"
        console.print(Text(f" {visible(told, 300)}"))
    console.print(
        Text("\nPoints that the best fixed setting loses to who knows each problem's best:")
    )
    console.print(regrets_table(report))
    for note in report.notes:
        console.print(Text(f"! {note}"))


def points_table(report: CascadeReport) -> Table:
    """One row a budget: hindsight, then what choosing on other problems gives."""
    rows = []
    for point in report.points:
        told = point.fitted
        judged: Sequence[str] = (
            ("", "", "")
            if told is None
            else (
                f"{100 * told.fixed.accuracy.value:.1f} {amount(told.fixed.cost, report.cost)}",
                f"{100 * told.cascade.accuracy.value:.1f} {amount(told.cascade.cost, report.cost)}",
                gap(told.difference) or "the same",
            )
        )
        hindsight = (f"{100 * one.accuracy.value:.1f}" for one in (point.fixed, point.hindsight))
        rows.append((amount(point.budget, report.cost), *hindsight, *judged))
    heads = ("budget", "fixed", "cascade", "fixed, fitted", "cascade, fitted", "Δ fitted")
    return plain_table("", heads, rows)


def regrets_table(report: CascadeReport) -> Table:
    rows = [
        (
            amount(one.budget, report.cost),
            *(f"{100 * loss:.1f}" for loss in (one.model, one.effort, one.draws, one.all)),
        )
        for one in report.regrets
    ]
    heads = ("budget", "model", "effort", "N", "all")
    return plain_table("", heads, rows)
