"""Slopes of what is looked at again and again, and a soak of some seconds."""

from __future__ import annotations

from random import Random

import pytest

from tts.eval.bench.drift import drift
from tts.eval.bench.soak import soak


def looks(per_hour: float, noise: float, seed: int) -> list[tuple[float, float]]:
    """Twenty minutes of a figure around 100, once a second; neighbours are moved together."""
    rng, found, moved = Random(seed), [], 0.0
    for second in range(1200):
        moved = 0.9 * moved + rng.gauss(0, noise)
        found.append((float(second), 100 + per_hour * second / 3600 + moved))
    return found


def test_a_figure_that_stands_still_has_no_slope() -> None:
    still = drift(looks(0, 0, 0))
    assert (still.value, still.low, still.high) == (0, 0, 0)


def test_a_steady_rise_is_its_percent_an_hour() -> None:
    rising = drift(looks(6, 0, 0))
    assert rising.value == pytest.approx(6 / 1.01, rel=1e-3)
    assert rising.high - rising.low < 0.01


def test_nine_intervals_in_ten_hold_the_slope_though_neighbours_move_together() -> None:
    found = [drift(looks(2, 0.1, seed)) for seed in range(300)]
    held = sum(one.low <= 2 <= one.high for one in found)
    assert 0.84 <= held / 300 <= 0.96


def test_looks_that_leave_a_part_empty_are_refused() -> None:
    with pytest.raises(ValueError, match="No look within"):
        drift([(0.0, 1.0), (1200.0, 1.0)])


def test_some_seconds_of_steady_work_under_faults_lose_nothing() -> None:
    rows = {row.what: row for row in soak(minutes=0.3)}
    assert rows["R10 runs that did not end whole"].holds
    assert rows["R10 memory grown"].holds
    assert rows["descriptors at the end"].value < 200
    assert not any("sure" in what for what in rows)
