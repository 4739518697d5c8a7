from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from tts.eval.metrics import maj_at_k, pass_at_k


def test_more_votes_can_be_worse() -> None:
    draws = [("a", True)] * 4 + [("b", False)] * 6
    assert maj_at_k(draws, 9) < maj_at_k(draws, 1)


def test_recorded_success_counts_give_the_figures_recorded_with_them(real_data: Path) -> None:
    with gzip.open(real_data / "samples" / "p3_codex_n1000.json.gz", "rt") as file:
        experiments = [one for one in json.load(file) if one["experiment"] != "bootstrap"]
    assert len(experiments) == 3
    for experiment in experiments:
        hits = [puzzle["n_sols"] for puzzle in experiment["sat_sols"]]
        for k, recorded in experiment["pass@k"]:
            found = sum(pass_at_k(hit, experiment["n"], k) for hit in hits) / len(hits)
            assert float(found) == pytest.approx(recorded, abs=1e-9)
