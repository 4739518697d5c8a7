"""The cost by which rows are compared is the reader's choice."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import StringIO

import pytest
from rich.console import Console

from tts.budget.idealised_runtime import IdealisedRuntime
from tts.errors import UnknownName
from tts.eval.attempts import Attempt
from tts.eval.idealised import Idealised
from tts.eval.report import (
    ComparisonReport,
    assemble,
    curves_of,
    render_page,
    render_table,
    to_markdown,
)
from tts.eval.report.axes import AXES, COSTS, axis_of
from tts.eval.report.columns import columns_by
from tts.values import Problem

MakeRuns = Callable[..., list[Attempt]]


@pytest.fixture
def report(problems: list[Problem], runs: MakeRuns) -> ComparisonReport:
    made = [*runs("vote", 4), *runs("beam", 9, tokens=3000)]
    return assemble(made, problems, title="t", seed=0, baseline="vote")


def figures(page: str) -> dict[str, bool]:
    """Whether a figure of each cost is shown."""
    found = re.findall(r'<figure data-name="acc[^"]+" data-axis="([^"]+)"[^>]*?( hidden)?>', page)
    shown = {name for name, hidden in found if not hidden}
    return {name: name in shown for name, _ in found}


def test_every_cost_has_one_axis() -> None:
    assert [axis.name for axis in AXES] == list(COSTS)


def test_an_axis_that_is_none_is_named_with_the_others() -> None:
    with pytest.raises(UnknownName, match="fresh"):
        axis_of("fersh")


def test_points_stand_at_the_cost_that_was_asked_for(report: ComparisonReport) -> None:
    places = {
        cost: [point.cost for curve in curves_of(report.rows, cost) for point in curve.points]
        for cost in COSTS
    }
    assert places["tokens"] == [1000, 3000] and places["fresh"] == [900, 2700]
    assert places["generated"] == [800, 2400] and places["seconds"] == [2, 2]
    assert places["fresh-dollars"] == [], "unknown: nobody counted"


def test_the_page_offers_what_is_known_and_shows_what_was_asked_for(
    report: ComparisonReport,
) -> None:
    page = render_page(report, cost="fresh")
    assert figures(page) == {
        "tokens": False,
        "fresh": True,
        "generated": False,
        "dollars": False,
        "seconds": False,
    }
    assert re.findall(r'<option value="([^"]+)" selected>', page) == ["fresh", "linear", "all"]
    assert "Not every row" not in page


def test_a_cost_that_is_not_known_of_every_row_is_said_to_be_so(report: ComparisonReport) -> None:
    page = render_page(report, cost="fresh-flops")
    assert "Not every row is known in FLOPs of the fresh tokens." in page
    assert figures(page)["tokens"]


@pytest.mark.parametrize("cost", COSTS)
def test_tables_show_the_cost_and_set_it_against_the_baselines(
    report: ComparisonReport, cost: str
) -> None:
    axis = axis_of(cost)
    columns = columns_by(axis.name)
    console = Console(width=140, file=StringIO())
    console.print(render_table(report, columns=columns))
    assert isinstance(console.file, StringIO)
    for text in (console.file.getvalue(), to_markdown(report, columns=columns)):
        assert axis.title in text
    assert f"{axis.word} ÷ baseline" in to_markdown(report, columns=columns)


def test_rows_have_idealised_seconds_where_every_model_has_a_fit(
    problems: list[Problem], runs: MakeRuns
) -> None:
    draws = IdealisedRuntime(token_seconds=0.01, prompt_seconds={100: 0.1}, watts=50.0)
    reads = IdealisedRuntime(token_seconds=0.0, prompt_seconds={100: 0.2})
    known = Idealised({"sample": draws, "verify": reads})
    (row,) = assemble(runs("vote", 4), problems, title="t", seed=0, idealised=known).rows
    assert axis_of("idealised-seconds").of(row) == pytest.approx(799 * 0.01 + 200 / 100 * 0.2)
    assert axis_of("joules").of(row) is None, "the verifier's power was not measured"


def test_without_fits_idealised_seconds_are_unknown(report: ComparisonReport) -> None:
    for cost in ("idealised-seconds", "joules"):
        assert [axis_of(cost).of(row) for row in report.rows] == [None, None]
