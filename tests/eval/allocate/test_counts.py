"""Draws that check themselves: who is solved is drawn for no more."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from tts.errors import BadInput
from tts.eval.allocate import elimination
from tts.eval.allocate.counts import solved_at

SUCCESSES, DRAWS = [0, 0, 1, 3, 10, 40, 80, 99, 100] * 10, 100


def test_elimination_solves_what_walking_random_orders_solves() -> None:
    random, found = np.random.default_rng(0), list[float]()
    costs = np.ones((len(SUCCESSES), DRAWS))
    for _ in range(100):
        order = np.stack([random.permutation(DRAWS) for _ in SUCCESSES])
        rewards = (order < np.array(SUCCESSES)[:, None]).astype(float)
        walked = elimination(rewards, costs, 4 * len(SUCCESSES))
        found.append(walked.best.sum())
    [told] = solved_at(SUCCESSES, DRAWS, averages=(4,))
    assert told.elimination.value == pytest.approx(np.mean(found), rel=0.01)


def test_the_same_for_all_is_coverage_and_no_budget_beyond_all_draws_solves_more() -> None:
    [one, all_] = solved_at(SUCCESSES, DRAWS, averages=(1, 100))
    assert one.uniform.value == pytest.approx(sum(SUCCESSES) / DRAWS)
    assert all_.uniform.value == all_.elimination.value == all_.known == pytest.approx(70)


def test_counts_that_are_none_are_told() -> None:
    with pytest.raises(BadInput, match="between 0 and 100"):
        solved_at([3, 101], 100)


PUZZLES: dict[float, tuple[float, float]] = {
    4: (122.6, 133.1),
    8: (157.4, 174.7),
    16: (189.9, 211.7),
}
"""Of 397 by average draws: solved evenly, and by elimination."""


def test_on_recorded_puzzles_every_average_solves_decidedly_more(real_data: Path) -> None:
    packed = (real_data / "samples" / "p3_codex_n1000.json.gz").read_bytes()
    recorded = json.loads(gzip.decompress(packed))
    long = next(one for one in recorded if one["experiment"] == "long")
    successes = [puzzle["n_sols"] for puzzle in long["sat_sols"]]
    for found in solved_at(successes, long["n"]):
        evenly, eliminated = PUZZLES[found.average]
        assert found.uniform.value == pytest.approx(evenly, abs=0.05)
        assert found.elimination.value == pytest.approx(eliminated, abs=0.05)
        assert found.difference.low > 0.05 * evenly
        assert found.known > found.elimination.value
