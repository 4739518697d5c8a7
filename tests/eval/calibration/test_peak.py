"""A selector whose curve turns down is asked for no more draws than it is good for."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import numpy as np
import pytest

from tts.eval.calibration import Calibration, Wanted, calibrate, summary_lines

N, PROBLEMS = 16, 400


def hacked(path: Path, *, fooled: float) -> Path:
    """Scored draws; a wrong one has, with this chance, the highest score of all."""
    luck = np.random.default_rng(0)
    rows = []
    for at in range(PROBLEMS):
        for place in range(N):
            right, fool = luck.random() < 0.6, luck.random() < fooled
            score = 0.99 if fool and not right else float(luck.uniform(0.5, 0.8) if right else 0.2)
            row = {
                "problem_id": f"p{at}",
                "problem": f"Problem number {at}",
                "reference": "1",
                "model": "m",
                "sample_index": place,
                "completion": f"{at} {place}",
                "answer": "1" if right else f"0.{place}",
                "correct": right,
                "finish_reason": "stop",
                "prompt_tokens": 10,
                "completion_tokens": 20,
                "score": score,
                "score_tokens": 5,
            }
            rows.append(msgspec.json.encode(row))
    path.write_bytes(b"\n".join(rows) + b"\n")
    return path


def fitted(place: Path) -> Calibration:
    return asyncio.run(calibrate(Wanted(draws=place, n=N, margin=0.05, orders=1)))


def test_no_rung_goes_on_behind_the_peak_of_a_verifier_that_can_be_fooled(tmp_path: Path) -> None:
    found = fitted(hacked(tmp_path / "fooled.jsonl", fooled=0.2))
    peak, held = found.policy.peak, found.policy.held_out
    assert peak is not None and peak.turns and 2 <= peak.n <= 4
    assert all(rung.n <= peak.n for rung in found.policy.ladder.rungs)
    assert held is not None and held.difference.low > 0.1, "far above the target behind the peak"
    told = next(line for line in summary_lines(found) if line.startswith("peak"))
    assert "of 16" in told and "no rung goes on" in told


def test_a_curve_that_does_not_turn_bounds_nothing(tmp_path: Path) -> None:
    found = fitted(hacked(tmp_path / "honest.jsonl", fooled=0.0))
    assert found.policy.peak is not None and not found.policy.peak.turns
    told = next(line for line in summary_lines(found) if line.startswith("peak"))
    assert "more are not decidedly worse" in told


@pytest.mark.parametrize("fooled", [0.05, 0.2])
def test_what_is_drawn_at_run_time_stops_before_the_curve_turns(
    tmp_path: Path, fooled: float
) -> None:
    found = fitted(hacked(tmp_path / "draws.jsonl", fooled=fooled))
    held = found.policy.held_out
    assert held is not None and held.accuracy.value >= held.target.value
