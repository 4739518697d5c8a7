from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable

from rich.console import Console

from tts.eval.attempts import Attempt
from tts.eval.report import assemble, render_table, to_csv, to_json
from tts.values import Problem

MakeRuns = Callable[..., list[Attempt]]


def test_the_json_export_reads_back(problems: list[Problem], runs: MakeRuns) -> None:
    report = assemble(runs("a\ud800", 3), problems, title="t", seed=0)
    read = json.loads(to_json(report))
    assert read["rows"][0]["strategy"] == "a\ud800"
    assert read["rows"][0]["n"] == 10


def test_unknown_dollars_are_null_and_an_empty_cell(
    problems: list[Problem], runs: MakeRuns
) -> None:
    report = assemble(runs("a", 3, nanodollars=None), problems, title="t", seed=0)
    (line,) = csv.DictReader(io.StringIO(to_csv(report)))
    assert json.loads(to_json(report))["rows"][0]["attributed"]["nanodollars"] is None
    assert (line["attributed_dollars"], line["attributed_tokens"]) == ("", "10000")


def test_csv_rows_hold_bins_roles_and_stops(problems: list[Problem], runs: MakeRuns) -> None:
    report = assemble([*runs("a", 5), *runs("b", 9)], problems, title="t", seed=0, baseline="a")
    first, second = csv.DictReader(io.StringIO(to_csv(report)))
    assert (first["accuracy"], first["accuracy_bin_3"], first["stopped_by_done"]) == (
        "0.5",
    ) * 2 + ("10",)
    assert (first["difference"], second["difference"], second["tokens_verify"]) == (
        "",
        "0.4",
        "2000",
    )


def test_a_label_is_no_formula(problems: list[Problem], runs: MakeRuns) -> None:
    report = assemble(runs("=1+1", 5), problems, title="t", seed=0)
    (line,) = csv.DictReader(io.StringIO(to_csv(report)))
    assert line["strategy"] == "'=1+1"


def test_the_terminal_table_shows_figures_and_takes_no_markup(
    problems: list[Problem], runs: MakeRuns
) -> None:
    made = [*runs("[bold]vote[/]\x1b[31m", 5), *runs("beam", 9, nanodollars=None)]
    report = assemble(made, problems, title="[red]t[/]", seed=0)
    console = Console(width=160, record=True, file=io.StringIO())
    console.print(render_table(report))
    text = console.export_text()
    assert "[bold]vote[/]" in text and "[red]t[/]" in text and "\x1b" not in text
    assert "90.0" in text and "unknown" in text
