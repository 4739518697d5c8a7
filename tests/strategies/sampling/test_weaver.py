"""Weak verdicts combined."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts.strategies.sampling.best_of_n import (
    SIGNALS,
    Weaver,
    accuracies,
    binarised,
    calibration,
    posterior,
)


def simulated(seed: int, right: tuple[float, ...], n: int = 400) -> tuple[Any, Any]:
    """Verdicts of known accuracy on candidates of known truth."""
    dice = np.random.default_rng(seed)
    truth = (dice.random(n) < 0.5).astype(float)
    hits = dice.random((n, len(right))) < np.array(right)
    return np.where(hits, truth[:, None], 1 - truth[:, None]), truth


def test_accuracies_are_found_without_labels() -> None:
    right = (0.9, 0.75, 0.65, 0.5)
    verdicts, _ = simulated(0, right)
    assert np.allclose(accuracies(verdicts), right, atol=0.08)


def test_the_combination_beats_its_best_member() -> None:
    right = (0.75, 0.75, 0.7, 0.7, 0.65)
    verdicts, truth = simulated(1, right, 2000)
    combined = (posterior(verdicts, accuracies(verdicts)) > 0.5) == truth
    alone = (verdicts == truth[:, None]).mean(axis=0)
    assert combined.mean() > alone.max() + 0.03


def expected_accuracy(right: list[float], missing: list[float]) -> float:
    """How often the more likely truth is the true one, exactly, over all verdicts that may come;
    a signal says nothing as often as it is missing."""
    told, chance = np.zeros((1, 0)), np.array([[1.0], [1.0]])  # by truth: right, wrong
    for accuracy, lost in zip(right, missing, strict=True):
        says = np.array([1.0, 0.0, 0.5])
        told = np.hstack([np.repeat(told, 3, axis=0), np.tile(says, len(told))[:, None]])
        good, bad = (1 - lost) * accuracy, (1 - lost) * (1 - accuracy)
        steps = np.array([[good, bad, lost], [bad, good, lost]])
        chance = (chance[:, :, None] * steps[:, None, :]).reshape(2, -1)
    believed = posterior(told, np.array(right)) if right else np.array([0.5])
    guess = np.where(np.isclose(believed, 0.5), 0.5, (believed > 0.5).astype(float))
    return float((guess * chance[0] + (1 - guess) * chance[1]).sum() / 2)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.floats(0.3, 0.99), st.floats(0.0, 0.9)), min_size=1, max_size=5),
)
def test_more_verifiers_never_lower_the_expected_accuracy(
    signals: list[tuple[float, float]],
) -> None:
    """Of known accuracy, also below chance, and with verdicts that never come."""
    found = [
        expected_accuracy([a for a, _ in signals[:k]], [m for _, m in signals[:k]])
        for k in range(len(signals) + 1)
    ]
    assert all(more >= less - 1e-9 for less, more in pairwise(found))


def test_more_verifiers_without_labels_choose_better_where_each_beats_chance() -> None:
    """Accuracies are estimated from eight draws a problem, over 150 problems."""
    dice = np.random.default_rng(0)
    right = np.array([0.75, 0.7, 0.7, 0.65, 0.6])
    hits = np.zeros((150, len(right) + 1))
    for row in hits:
        truth = (dice.random(8) < dice.uniform(0.2, 0.8)).astype(float)
        seen = np.where(dice.random((8, len(right))) < right, truth[:, None], 1 - truth[:, None])
        row[0] = truth.mean()
        for k in range(1, len(right) + 1):
            values = posterior(seen[:, :k], accuracies(seen[:, :k]))
            row[k] = truth[np.isclose(values, values.max())].mean()
    gains = np.diff(hits, axis=1)
    noise = gains.std(axis=0) / np.sqrt(len(hits))
    assert (gains.mean(axis=0) >= -2 * noise).all()
    assert hits[:, -1].mean() > hits[:, 1].mean() + 0.1


def test_a_signal_at_chance_has_no_say() -> None:
    verdicts = np.array([[1.0, 0.0], [0.0, 1.0]])
    values = posterior(verdicts, np.array([0.8, 0.5]))
    assert np.allclose(values, [0.8, 0.2])


def test_an_unknown_verdict_moves_nothing() -> None:
    verdicts = binarised(np.array([[0.1, np.nan], [0.9, np.nan]]))
    assert verdicts.tolist() == [[0.0, 0.5], [1.0, 0.5]]
    assert np.allclose(posterior(verdicts, np.array([0.8, 0.9])), [0.2, 0.8])


def test_labels_calibrate_a_signal() -> None:
    verdicts, truth = simulated(2, (0.9, 0.6))
    assert np.allclose(calibration(verdicts, truth), (0.9, 0.6), atol=0.06)


def test_agreement_and_scores_together_choose(lab: Any) -> None:
    def score(_: Any, steps: Any, place: int) -> float:
        return 0.9 if "{7}" in steps[place] else 0.6 if "{1}" in steps[place] else 0.3

    lines = {0: "\\boxed{1}", 1: "\\boxed{1}", 2: "\\boxed{1}", 3: "\\boxed{7}", 4: "\\boxed{2}"}
    strategy = Weaver(n=5, calibration="agreement:0.9")
    assert lab.run(lab.solve(strategy, lab.scripted(lines), scores=score)).answer == "1"


@pytest.mark.parametrize("text", ["loudness:0.7", "value:1.5", "value:x"])
def test_a_calibration_of_what_is_not_there_is_refused(text: str) -> None:
    assert "value" in SIGNALS
    with pytest.raises(ValueError):
        Weaver(calibration=text)
