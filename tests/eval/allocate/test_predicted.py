"""Recorded draws: what a probe shows decides who gets more."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.eval.cascade.conftest import drawn
from tests.eval.replay.conftest import draws, pool, pools_of
from tts.errors import BadInput, UsageError
from tts.eval.allocate.predicted import allocate_pool, rising
from tts.eval.replay.pool import Pool


def mixed(problems: int = 90) -> Pool:
    """A third that every draw solves, a third that votes solve, a third that nothing does."""
    chances = [(1.0, 0.55, 0.0)[place % 3] for place in range(problems)]
    return drawn("m", chances, n=16)


def test_votes_are_bought_where_a_probe_disagrees_and_win_over_the_same_for_all() -> None:
    found = allocate_pool(mixed(), 90 * 5, "calls", orders=8)
    assert found.spent == pytest.approx(5, abs=0.3)
    assert found.difference.low > 0
    assert found.accuracy.value <= found.known
    assert found.predicted == pytest.approx(found.accuracy.value, abs=0.05)
    solved = [one.option for at, one in enumerate(found.plan) if at % 3 == 0]
    assert np.mean(solved) < np.mean([one.option for one in found.plan])


def test_by_scores_problems_with_a_high_one_are_left_alone() -> None:
    chances = [(0.9, 0.3)[place % 2] for place in range(80)]
    scored = drawn("m", chances, n=12, scored=True)
    found = allocate_pool(scored, 80 * 4, "calls", choice="best", orders=8)
    assert found.difference.low > -0.01
    assert {one.draws for one in found.shares} > {2}


@pytest.mark.parametrize("unit", ["tokens", "dollars", "seconds", "calls", "flops"])
def test_a_budget_may_be_in_any_unit(unit: str) -> None:
    each = {"tokens": 15.0, "dollars": 0.01, "seconds": 2.0, "calls": 1.0, "flops": 30e9}[unit]
    few = mixed(30)
    found = allocate_pool(few, 30 * 4 * each, unit, parameters=1e9, orders=2)  # type: ignore[arg-type]
    assert found.spent == pytest.approx(4 * each, rel=0.15)


@pytest.mark.parametrize(
    ("changes", "error", "told"),
    [
        ({"budget": 20}, BadInput, "20 calls do not pay for a probe of 2 draws for each of 30"),
        ({"probe": 16}, UsageError, "between 1 and 15"),
        ({"choice": "best"}, UsageError, "no scores"),
    ],
)
def test_what_cannot_be_given_out_is_told(
    changes: dict[str, object], error: type[Exception], told: str
) -> None:
    how: dict[str, object] = {"budget": 120, "orders": 2, **changes}
    with pytest.raises(error, match=told):
        allocate_pool(mixed(30), unit="calls", **how)  # type: ignore[arg-type]


def test_a_pool_without_votes_or_with_few_problems_is_told() -> None:
    with pytest.raises(UsageError, match="no answers to vote with"):
        allocate_pool(pool(draws([-1, -1, -1], [True, False, True])), 9, "calls")
    with pytest.raises(UsageError, match="5 problems are the fewest"):
        allocate_pool(mixed(3), 30, "calls")


@given(arrays(np.float64, st.integers(1, 12), elements=st.floats(0, 1)))
def test_the_nearest_curve_that_does_not_fall_keeps_its_mean(values: np.ndarray) -> None:
    found = rising(values)
    assert all(after >= before - 1e-12 for before, after in pairwise(found.tolist()))
    assert found.mean() == pytest.approx(values.mean())
    if (np.diff(values) >= 0).all():
        assert found == pytest.approx(values)


@pytest.mark.parametrize("average", [3, 4])
def test_on_recorded_votes_a_small_budget_is_better_given_out(
    real_data: Path, average: int
) -> None:
    [recorded] = pools_of(real_data / "samples" / "verifycot_date_gpt35_n10.jsonl.gz")
    count = len(recorded.problems)
    found = allocate_pool(recorded, average * count, "calls", orders=8)
    assert found.spent <= 1.01 * average
    assert found.difference.low > 0
