"""Cascades beside the best fixed setting, by budget."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import numpy as np
import pytest

from tests.eval.cascade.conftest import drawn
from tests.eval.replay.conftest import pools_of
from tts.budget import PriceTable
from tts.cli.figures import amounts_of
from tts.errors import UnknownName, UsageError
from tts.eval.cascade import at_budgets, cascades, regrets, stages_of
from tts.eval.cascade.search import followed, frontier
from tts.eval.cascade.stages import Tables
from tts.eval.replay.files import prices_of
from tts.eval.replay.pool import Pool


def ladder(problems: int = 60, seed: int = 0) -> list[Pool]:
    """A cheap model that knows half of the problems well, and a dear one that knows nearly all."""
    easy = [0.95 if place % 2 else 0.1 for place in range(problems)]
    return [
        drawn("cheap", easy, dollars=0.01, seed=seed),
        drawn("dear", [0.97] * problems, dollars=0.2, seed=seed + 1),
    ]


def every_pair(tables: Tables, budget: float) -> float:
    """The best of all single stages and of all pairs, tried one by one."""
    last = [at for at, stage in enumerate(tables.stages) if not stage.bar]
    ways = [(at,) for at in last] + [
        (first, end)
        for first, end in product(range(len(tables.stages)), last)
        if tables.stages[first].bar and tables.settings[first] != tables.settings[end]
    ]
    told = (followed(tables, stages) for stages in ways)
    return max(float(right.mean()) for right, cost in told if cost.mean() <= budget)


@pytest.mark.parametrize("budget", [0.02, 0.05, 0.1, 0.2, 0.5])
def test_of_two_stages_the_best_is_found(budget: float) -> None:
    tables = stages_of(ladder(20), "agreement", "dollars")
    best = frontier(tables, np.arange(20), 2).within(budget)
    assert best is not None
    right, cost = followed(tables, best.stages)
    assert cost.mean() <= budget
    assert right.mean() == pytest.approx(every_pair(tables, budget), abs=1e-9)


def test_what_a_stage_does_not_accept_pays_for_the_next_one() -> None:
    tables = stages_of(ladder(4), "agreement", "dollars")
    first = next(i for i, one in enumerate(tables.stages) if (one.n, one.bar) == (2, 2))
    last = next(i for i, one in enumerate(tables.stages) if one.setting == "dear" and one.n == 1)
    right, cost = followed(tables, (first, last))
    missed = 1 - tables.accepted[first]
    assert cost == pytest.approx(0.02 + 0.2 * missed)
    assert right == pytest.approx(tables.accepted_right[first] + missed * tables.right[last])


@pytest.mark.parametrize("signal", ["agreement", "confidence"])
def test_a_cascade_beats_either_model_on_problems_that_it_was_not_chosen_on(signal: str) -> None:
    report = cascades(ladder(120), signal=signal, budgets=(0.13,))
    [point] = report.points
    assert point.fitted is not None and point.fitted.difference is not None
    assert point.fitted.difference.low > 0.1
    assert point.fitted.cascade.cost <= 0.13
    assert point.chosen.label.startswith("cheap") and "else dear" in point.chosen.label


def test_scores_are_a_signal() -> None:
    chances = [0.95 if place % 2 else 0.05 for place in range(80)]
    cheap = drawn("cheap", chances, dollars=0.01, scored=True)
    dear = drawn("dear", [0.97] * 80, dollars=0.2, seed=1, scored=True)
    [point] = cascades([cheap, dear], signal="score", budgets=(0.15,)).points
    assert point.fitted is not None and point.fitted.difference is not None
    assert point.fitted.difference.low > 0.1


def test_models_that_are_alike_are_not_cascaded_for_luck() -> None:
    chances = np.random.default_rng(0).beta(1, 1, 60).tolist()
    alike = [drawn(name, chances, seed=at, n=4) for at, name in enumerate("abcd")]
    for point in cascades(alike, budgets=(0.01, 0.02, 0.04)).points:
        assert point.hindsight.accuracy.value >= point.fixed.accuracy.value
        fitted = point.fitted
        assert fitted is not None
        assert fitted.difference is None or fitted.difference.high > 0


def test_few_problems_are_told_in_hindsight_alone() -> None:
    report = cascades(ladder(12), budgets=(0.1,))
    assert report.points[0].fitted is None
    assert any("12 problems are too few" in note for note in report.notes)


def test_an_oracle_of_everything_loses_to_no_oracle_of_one_thing() -> None:
    high, low = drawn("m|high", [0.9] * 30, dollars=0.05), drawn("m|low", [0.5] * 30, seed=1)
    tables = stages_of([high, low, drawn("other", [0.7] * 30, seed=2)], "agreement", "dollars")
    for one in regrets(tables, (0.01, 0.03, 0.05, 0.2)):
        assert one.all >= max(one.model, one.effort, one.draws) - 1e-9
        assert min(one.model, one.effort, one.draws) >= -0.01


def test_a_setting_whose_models_have_no_other_effort_loses_nothing_by_effort() -> None:
    [one] = regrets(stages_of(ladder(20), "agreement", "dollars"), (0.25,))
    assert one.effort == pytest.approx(0, abs=1e-9) and one.draws > 0


@pytest.mark.parametrize(
    ("changes", "error", "told"),
    [
        ({"signal": "luck"}, UnknownName, "signal 'luck'"),
        ({"cost": "pounds"}, UnknownName, "cost 'pounds'"),
        ({"depth": 0}, UsageError, "1 to 4 stages, not 0"),
        ({"budgets": (-1.0,)}, UsageError, "above 0, not -1"),
        ({"signal": "score"}, UsageError, "no model has scores"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence(
    changes: dict[str, object], error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=told):
        cascades(ladder(4), **changes)  # type: ignore[arg-type]


def test_a_ladder_with_one_rung_and_unknown_prices_are_told() -> None:
    with pytest.raises(UsageError, match="takes two or more"):
        cascades(ladder(4)[:1])
    with pytest.raises(UsageError, match="--prices FILE"):
        cascades(_unpriced(), cost="dollars")


def _unpriced() -> list[Pool]:
    return [drawn(name, [1.0], dollars=float("nan")) for name in "ab"]


def test_a_budget_that_pays_for_nothing_is_noted() -> None:
    report = cascades(ladder(20), budgets=(0.001, 0.05))
    assert [point.budget for point in report.points] == [0.05]
    assert any("0.001 a problem pays for no setting" in note for note in report.notes)


def test_amounts_are_read_with_or_without_a_dollar_sign() -> None:
    assert amounts_of("$0.05, 0.08", "--at") == (0.05, 0.08) and amounts_of("", "--at") == ()
    with pytest.raises(UsageError, match="--at takes amounts"):
        amounts_of("cheap", "--at")


STUDY = {0.05: 0.881, 0.08: 0.926, 0.12: 0.945}
"""Dollars a problem, and what two stages reached in an earlier study of these records."""


def test_on_recorded_models_no_budget_is_better_spent_on_one_setting(real_data: Path) -> None:
    path = real_data / "samples" / "otis_mock_aime_with_tokens.jsonl.gz"
    pools = pools_of(path, dollars_of=prices_of(PriceTable.load(None)))
    tables = stages_of([pool for pool in pools if pool.priced], "agreement", "dollars")
    points = at_budgets(tables, (0.03, 0.05, 0.08, 0.12, 0.2, 0.3), 2)
    assert len(points) == 6
    for point in points:
        assert point.hindsight.accuracy.value >= max(
            point.fixed.accuracy.value, STUDY.get(point.budget, 0.0)
        )
        fitted = point.fitted
        assert fitted is not None and fitted.cascade.cost <= point.budget
        assert fitted.difference is None or fitted.difference.value >= 0
