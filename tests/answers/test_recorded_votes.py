"""Recorded generations with reward-model scores; their figures are known."""

from __future__ import annotations

import gzip
import json
import os
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from tts.answers import majority_vote, select_best
from tts.equivalence import Equivalence
from tts.values import Candidate, Problem, Score, Scored


def questions() -> list[list[Scored]]:
    folder = os.environ.get("TTS_TEST_DATA")
    if not folder:
        pytest.skip("TTS_TEST_DATA names no folder with real data")
    path = Path(folder) / "samples" / "qwen_math100_rm8.jsonl.gz"
    with gzip.open(path, "rt") as lines:
        rows = [json.loads(line) for line in lines]
    by_problem: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        by_problem[row["problem_id"]].append(row)
    return [[scored(row) for row in group] for group in by_problem.values()]


def scored(row: dict[str, Any]) -> Scored:
    problem = Problem(id=row["problem_id"], prompt=row["problem"])
    key = str(row["sample_index"])
    value = 1 / (1 + 2.718281828 ** -row["score"])
    candidate = Candidate(
        problem=problem, text=str(row["correct"]), key=key, final=True, answer=row["answer"]
    )
    return Scored(candidate, Score(value=value))


def is_right(candidate: Candidate) -> bool:
    return candidate.text == "True"


async def test_majority_and_best_of_eight_meet_the_recorded_figures() -> None:
    sets = questions()
    best = [select_best(items) for items in sets]
    assert sum(is_right(found.candidate) for found in best if found) == 94
    async with Equivalence() as equivalence:
        votes = [await majority_vote([i.candidate for i in items], equivalence) for items in sets]
    winners = zip(sets, (found.winner for found in votes), strict=True)
    chosen = [items[won.representative].candidate for items, won in winners if won]
    assert sum(map(is_right, chosen)) in {92, 93}
