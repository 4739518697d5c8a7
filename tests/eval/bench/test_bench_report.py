from __future__ import annotations

from tts.eval.bench import BenchReport, Row
from tts.eval.bench.benches import cells, section
from tts.eval.bench.report import at_least, at_most, exactly, figure, within


def report(*rows: Row) -> BenchReport:
    return BenchReport(name="client", machine="a machine", rows=rows)


def test_a_figure_above_its_ceiling_misses_the_bar() -> None:
    assert at_most("x", 3.0, "s", bar=2).holds is False
    assert at_most("x", 2.0, "s", bar=2).holds is True


def test_a_figure_below_its_floor_misses_the_bar() -> None:
    assert at_least("x", 2999, "", bar=3000).holds is False


def test_a_multiple_is_taken_of_the_baseline() -> None:
    row = within("x", 250, "µs", baseline=100, times=2.5)
    assert (row.holds, row.ratio) == (True, 2.5)


def test_what_has_to_be_exact_is_not_approached() -> None:
    assert exactly("x", 0.925, "", bar=0.928).holds is False


def test_a_report_holds_where_no_bar_is_missed() -> None:
    assert report(figure("x", 1, ""), at_most("y", 1, "", bar=1)).holds
    assert not report(at_most("y", 2, "", bar=1)).holds


def test_a_missed_bar_stands_out_on_the_page() -> None:
    assert cells(at_most("y", 2, "s", bar=1))[-1] == "**no**"
    assert "| y | 2 s |  |  | ≤ 1 s | **no** |" in section(report(at_most("y", 2, "s", bar=1)))
