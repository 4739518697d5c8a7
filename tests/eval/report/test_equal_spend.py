"""At equal spend the baseline stands where it spends as much as the row, or nothing is said."""

from __future__ import annotations

from collections.abc import Callable
from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.eval.attempts import Attempt
from tts.eval.report import ComparisonReport, assemble, to_csv, to_markdown
from tts.eval.report.columns import AT_SPEND, COLUMNS, columns_by
from tts.eval.report.equal_spend import CHEAPER, DEARER, family, unspent, weights_at
from tts.eval.report.rows import AtSpend, Row
from tts.values import Problem

MakeRuns = Callable[..., list[Attempt]]
Compare = Callable[..., Row]

COST = st.floats(1, 1e9, allow_nan=False)


@pytest.fixture
def compared(problems: list[Problem], runs: MakeRuns) -> Compare:
    """The row of a method, beside a baseline that solves 2 of 10 for 100 tokens, 6 for 400."""

    def compare(right: int, tokens: int, name: str = "new") -> Row:
        made = [
            *runs("base(n=1)", 2, "no ceiling", tokens=100),
            *runs("base(n=4)", 6, "no ceiling", tokens=400),
            *runs(name, right, "no ceiling", tokens=tokens),
        ]
        return assemble(made, problems, title="t", seed=0, baseline="base(n=4)").rows[-1]

    return compare


def at(row: Row, cost: str = "tokens") -> AtSpend:
    return row.at_spend[cost]


def gap(row: Row, cost: str = "tokens") -> float:
    found = at(row, cost).estimate
    assert found is not None
    return found.value


def test_half_way_in_the_logarithm_the_baseline_is_the_mean_of_its_neighbours(
    compared: Compare,
) -> None:
    row = compared(5, 200)
    assert gap(row) == pytest.approx(0.5 - (0.2 + 0.6) / 2)
    assert at(row).between == ("base(n=1) · no ceiling", "base(n=4) · no ceiling")
    assert at(row).n == 10


def test_the_interval_is_paired_over_the_problems(compared: Compare) -> None:
    """New is right on five; the line is 1, 1, .5 × 4, 0 × 4: gaps 0, 0, .5, .5, .5, −.5, 0 × 4."""
    found = at(compared(5, 200)).estimate
    assert found is not None
    # Standard error: √(mean of squares .1 − .01) / √10 = .095; 1.96 of it to each side.
    assert found.low == pytest.approx(-0.1, abs=0.05)
    assert found.high == pytest.approx(0.3, abs=0.05)


@pytest.mark.parametrize(("tokens", "why"), [(99, DEARER), (401, CHEAPER)])
def test_beyond_the_baselines_rows_nothing_is_said(
    compared: Compare, tokens: int, why: str
) -> None:
    assert at(compared(5, tokens)) == AtSpend(why=why)


@pytest.mark.parametrize(("tokens", "gained"), [(100, 0.3), (400, -0.1)])
def test_at_a_spend_of_the_baselines_own_it_is_that_row(
    compared: Compare, tokens: int, gained: float
) -> None:
    row = compared(5, tokens)
    assert gap(row) == pytest.approx(gained) and len(at(row).between) == 1


def test_a_method_does_not_differ_from_itself(compared: Compare) -> None:
    row = compared(6, 400, "twin(n=4)")
    found = at(row).estimate
    assert found is not None and found.value == 0 and found.low <= 0 <= found.high


def test_the_baselines_own_rows_have_no_difference(compared: Compare) -> None:
    row = compared(9, 300, "base(n=3)")
    assert row.at_spend == {} and row.against == "base(n=4) · no ceiling"
    [column] = [one for one in COLUMNS if one.title == AT_SPEND]
    assert column.interval is not None and column.interval.text(row) == ""


def test_a_method_that_gets_as_much_for_less_looks_better_at_equal_spend(
    compared: Compare,
) -> None:
    gaps = [gap(compared(6, tokens)) for tokens in (400, 300, 200, 120)]
    assert gaps == sorted(gaps) and gaps[0] == 0 < gaps[-1]


def test_every_axis_has_its_own_difference(compared: Compare) -> None:
    """Dollars are the same for all rows, so there the baseline is the mean of both of its own."""
    row = compared(5, 200)
    assert gap(row, "dollars") == pytest.approx(0.1) and len(at(row, "dollars").between) == 2
    assert at(row, "fresh-flops") == AtSpend(why="unknown"), "nobody measured it"


def test_too_few_problems_in_common_have_no_figure(problems: list[Problem], runs: MakeRuns) -> None:
    made = [*runs("base", 2, "no ceiling"), *runs("new", 3, "no ceiling")[:5]]
    row = assemble(made, problems, title="t", seed=0, baseline="base").rows[-1]
    assert at(row) == AtSpend(why="too few to say")


def test_repeats_and_unequal_parts_are_paired_by_problem(
    problems: list[Problem], runs: MakeRuns
) -> None:
    base, new = runs("base", 4, "no ceiling"), runs("new", 4, "no ceiling")[2:]
    row = assemble([*base, *new], problems, title="t", seed=0, baseline="base").rows[-1]
    assert (gap(row), at(row).n) == (0, 8)


@given(st.dictionaries(st.tuples(st.text(), st.text()), COST, min_size=1, max_size=6), COST)
def test_weights_are_those_of_a_mean_whose_log_spend_is_the_rows(
    costs: dict[tuple[str, str], float], spend: float
) -> None:
    weights = weights_at(spend, costs)
    if not weights:
        assert spend < min(costs.values()) or spend > max(costs.values())
        return
    assert sum(weights.values()) == pytest.approx(1) and min(weights.values()) > 0
    reached = sum(weight * log(costs[group]) for group, weight in weights.items())
    assert reached == pytest.approx(log(spend), abs=1e-6)


@given(st.lists(st.tuples(COST, st.floats(0, 1)), min_size=2, max_size=6), COST, COST)
def test_a_baseline_that_never_falls_is_never_worse_at_a_higher_spend(
    points: list[tuple[float, float]], one: float, other: float
) -> None:
    spends, shares = zip(*points, strict=True)
    costs = {(str(place), ""): cost for place, cost in enumerate(sorted(set(spends)))}
    solved = {(str(place), ""): share for place, share in enumerate(sorted(shares))}
    found = [weights_at(spend, costs) for spend in sorted((one, other))]
    if all(found):
        low, high = (sum(w * solved[group] for group, w in each.items()) for each in found)
        assert low <= high + 1e-9


def test_a_family_is_a_method_at_all_its_sizes() -> None:
    assert family("vote(n=4)") == family("vote") == family("vote(n=64)")
    assert family("best(n=4, stop=gain)") == family("best(stop=gain)") != family("best(n=4)")


@pytest.mark.parametrize(
    ("budget", "left"),
    [
        ("4000 tokens", 0.75),
        ("4k tokens, 2 calls", 0.0),
        ("no ceiling", None),
        ("30 seconds", None),
        ("one draw", None),
    ],
)
def test_what_is_unspent_is_left_of_the_ceiling_that_was_nearest(
    problems: list[Problem], runs: MakeRuns, budget: str, left: float | None
) -> None:
    [row] = assemble(runs("a", 5, budget), problems, title="t", seed=0).rows
    assert unspent(row) == left


def test_what_is_unspent_of_an_unknown_use_is_unknown(
    problems: list[Problem], runs: MakeRuns
) -> None:
    made = runs("a", 5, "4k tokens, $1", nanodollars=None)
    [row] = assemble(made, problems, title="t", seed=0).rows
    assert unspent(row) is None


@pytest.fixture
def report(problems: list[Problem], runs: MakeRuns) -> ComparisonReport:
    made = [
        *runs("base(n=1)", 2, "8k tokens", tokens=100),
        *runs("base(n=4)", 6, "8k tokens", tokens=400),
        *runs("new", 5, "8k tokens", tokens=200),
    ]
    return assemble(made, problems, title="t", seed=0, baseline="base(n=4)")


def test_tables_show_the_difference_on_the_chosen_axis(report: ComparisonReport) -> None:
    assert "| +10.0 (" in to_markdown(report) and "| 97.5 |" in to_markdown(report)
    assert "| unknown | 97.5 |" in to_markdown(report, columns=columns_by("flops"))
    by_axis = to_markdown(report).partition("by what is counted:")[2].strip().splitlines()
    assert by_axis[0].startswith("| strategy | budget | tokens (95 %) | fresh (95 %) |")
    assert by_axis[2].startswith("| new | 8k tokens | +10.0 (") and not by_axis[3:4][0].strip()
    head, *_, last = (line.split(",") for line in to_csv(report).splitlines())
    shown = dict(zip(head, last, strict=True))
    assert float(shown["at_equal_spend"]) == pytest.approx(0.1)
    assert float(shown["at_equal_spend_low"]) < 0.1 < float(shown["at_equal_spend_high"])
