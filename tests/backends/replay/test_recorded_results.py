"""Reference results of the recorded sets, met exactly."""

from __future__ import annotations

import gzip
import json
import os
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest

from tts.backends.replay import SampleRow, best_of_k, maj_at_k, pass_at_k, sample_rows


@pytest.fixture
def samples() -> Path:
    folder = os.environ.get("TTS_TEST_DATA")
    if not folder or not (Path(folder) / "samples").is_dir():
        pytest.skip("TTS_TEST_DATA names no folder of real data")
    return Path(folder) / "samples"


def grouped(rows: Iterable[SampleRow]) -> list[list[SampleRow]]:
    groups: dict[str, list[SampleRow]] = defaultdict(list)
    for row in rows:
        groups[row.problem_id].append(row)
    return list(groups.values())


def passed(groups: list[list[SampleRow]], k: int) -> float:
    each = [pass_at_k(sum(row.correct is True for row in g), len(g), k) for g in groups]
    return float(sum(each) / len(each))


def test_qwen_math100(samples: Path) -> None:
    groups = grouped(sample_rows(samples / "qwen_math100_rm8.jsonl.gz"))
    best = sum(best_of_k([(r.score or 0.0, bool(r.correct)) for r in g], 8) for g in groups)
    vote = sum(maj_at_k([(r.answer, bool(r.correct)) for r in g], 8) for g in groups)
    assert (passed(groups, 1), passed(groups, 8)) == (0.91, 0.96)
    assert best / 100 == pytest.approx(0.94)
    assert vote / 100 == pytest.approx(0.925)


def test_game24_gpt4_chain_of_thought(samples: Path) -> None:
    rows = sample_rows(samples / "tot_game24_gpt4_n100.jsonl.gz")
    groups = grouped(row for row in rows if row.model.endswith(" cot"))
    assert round(passed(groups, 1), 3) == 0.040
    assert passed(groups, 100) == 0.49


def test_p3_codex_with_the_long_prompt(samples: Path) -> None:
    with gzip.open(samples / "p3_codex_n1000.json.gz") as packed:
        experiments = json.load(packed)
    puzzles = next(e for e in experiments if len(e["prefix"]) == 1129)["sat_sols"]
    found = [
        float(sum(pass_at_k(p["n_sols"], 1000, k) for p in puzzles) / len(puzzles))
        for k in (1, 10, 100, 1000)
    ]
    assert [round(value, 3) for value in found] == [0.149, 0.424, 0.638, 0.766]


def test_recorded_success_counts_give_the_figures_recorded_with_them(samples: Path) -> None:
    with gzip.open(samples / "p3_codex_n1000.json.gz", "rt") as file:
        experiments = [one for one in json.load(file) if one["experiment"] != "bootstrap"]
    assert len(experiments) == 3
    for experiment in experiments:
        hits = [puzzle["n_sols"] for puzzle in experiment["sat_sols"]]
        for k, recorded in experiment["pass@k"]:
            found = sum(pass_at_k(hit, experiment["n"], k) for hit in hits) / len(hits)
            assert float(found) == pytest.approx(recorded, abs=1e-9)
