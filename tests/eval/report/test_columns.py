"""A column is spelled once, and every renderer shows it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from msgspec.structs import replace
from rich.console import Console

from tts.eval.attempts import Attempt
from tts.eval.report import (
    ComparisonReport,
    assemble,
    render_page,
    render_table,
    to_csv,
    to_markdown,
)
from tts.eval.report.column import Column, View
from tts.eval.report.columns import COLUMNS, table_of
from tts.eval.report.rows import row_of
from tts.values import Problem, Usage

MakeRuns = Callable[..., list[Attempt]]
Render = Callable[[ComparisonReport, Sequence[Column]], list[str]]


def on_terminal(report: ComparisonReport, columns: Sequence[Column]) -> list[str]:
    console = Console(width=400, file=io.StringIO(), record=True)
    console.print(render_table(report, columns=columns))
    return [cell for line in console.export_text().splitlines() for cell in re.split("  +", line)]


def as_markdown(report: ComparisonReport, columns: Sequence[Column]) -> list[str]:
    text = to_markdown(report, columns=columns).replace(" (95 %)", "")
    return [cell.strip() for line in text.splitlines() for cell in line.split("|")]


def as_page(report: ComparisonReport, columns: Sequence[Column]) -> list[str]:
    return re.findall(r"<t[hd][^>]*>([^<]*)", render_page(report, columns=columns))


def as_csv(report: ComparisonReport, columns: Sequence[Column]) -> list[str]:
    return [
        cell for line in csv.reader(io.StringIO(to_csv(report, columns=columns))) for cell in line
    ]


RENDERERS: dict[View, Render] = {
    "terminal": on_terminal,
    "markdown": as_markdown,
    "page": as_page,
    "csv": as_csv,
}


@pytest.fixture
def report(problems: list[Problem], runs: MakeRuns) -> ComparisonReport:
    made = [*runs("vote", 4), *runs("beam", 9, tokens=3000)]
    return assemble(made, problems, title="t", seed=0, baseline="vote")


def title(column: Column, view: View) -> str:
    return column.name if view == "csv" else column.title


@pytest.mark.parametrize("view", RENDERERS)
@pytest.mark.parametrize("column", COLUMNS, ids=lambda one: one.name)
def test_every_renderer_shows_every_column_that_it_has_room_for(
    report: ComparisonReport, column: Column, view: View
) -> None:
    shown = [cell.strip() for cell in RENDERERS[view](report, COLUMNS)]
    assert (title(column, view) in shown) == (view not in column.left_out)


@pytest.mark.parametrize("view", RENDERERS)
def test_a_new_column_is_one_line_and_every_renderer_shows_it(
    report: ComparisonReport, view: View
) -> None:
    added = Column("calls/run", lambda row, _: row.attributed.calls / row.runs, "{:.3f}".format)
    assert added.left_out == ()
    shown = [cell.strip() for cell in RENDERERS[view](report, (*COLUMNS, added))]
    assert title(added, view) in shown
    assert shown.count("2.0" if view == "csv" else "2.000") >= len(report.rows)


@pytest.mark.parametrize("view", RENDERERS)
def test_what_a_fit_tells_is_shown_where_one_was_named(
    report: ComparisonReport, view: View
) -> None:
    [column] = [one for one in COLUMNS if one.title == "idealised s/run"]
    fitted = replace(report, rows=tuple(replace(row, idealised_seconds=7.0) for row in report.rows))
    with_fit, without = (RENDERERS[view](one, COLUMNS) for one in (fitted, report))
    assert (title(column, view) in map(str.strip, with_fit)) == (view != "terminal")
    assert (title(column, view) in map(str.strip, without)) == (view == "csv")


def test_the_name_for_programs_is_made_of_the_title() -> None:
    names = {one.title: one.name for one in COLUMNS}
    assert names["$/run"] == "dollars_per_run" and names["p (Holm)"] == "p_holm"
    assert (
        names["accuracy %"] == "accuracy" and names["tokens ÷ baseline"] == "tokens_over_baseline"
    )
    assert len(set(names.values())) == len(COLUMNS)


def test_every_column_is_shown_by_some_view() -> None:
    assert [one.title for one in COLUMNS if set(RENDERERS) <= set(one.left_out)] == []


def test_what_was_read_is_a_column_where_something_was_retrieved(attempt: Any) -> None:
    told = attempt()
    asked = Usage(calls=3, retrievals=3)
    read = replace(
        told, spend={**told.spend, "retrieve": asked}, attributed=told.attributed + asked
    )
    titles = [
        {column.title for column in table_of([row_of([one], {})], "csv").columns}
        for one in (told, read)
    ]
    assert titles[1] - titles[0] >= {"context/run", "longest context", "retrievals/run"}
    [(_, cells)] = table_of([row_of([read], {})], "csv").lines
    by_title = {cell.column.title: cell.value for cell in cells}
    assert by_title["retrievals/run"] == 3
    assert by_title["context/run"] == by_title["longest context"] == told.attributed.prompt_tokens


def test_tokens_past_the_stop_are_a_column_where_they_are_known(attempt: Any) -> None:
    runs = [replace(attempt(problem=one), unread_tokens=one) for one in range(3)]
    known, unknown = row_of(runs, {}), row_of([*runs, attempt(problem=3)], {})
    [(_, cells), (_, blank)] = table_of([known, unknown], "csv").lines
    titles = [cell.column.title for cell in cells]
    place = titles.index("past stop/run")
    assert (cells[place].value, blank[place].value) == (1.0, None)
    assert "past stop/run" not in [c.title for c in table_of([unknown], "csv").columns]


def test_answers_in_words_have_em_f1_and_acc(attempt: Any) -> None:
    runs = [attempt(answer="John Lennon"), attempt(problem=1, answer=None, correct=False)]
    row = row_of(runs, {}, references={"p0": ["Lennon"], "p1": ["x"]})
    [(_, cells)] = table_of([row], "page").lines
    figures = {cell.column.title: cell.value for cell in cells}
    assert (figures["EM %"], figures["F1 %"], figures["Acc %"]) == (0, 1 / 3, 0.5)
