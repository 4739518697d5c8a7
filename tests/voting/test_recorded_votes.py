"""Recorded generations with reward-model scores; their figures are known."""

import gzip
import json
import os
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tts.equivalence import Equivalence
from tts.values import Candidate, Problem, Score, Scored
from tts.voting import majority_vote, select_best


def questions() -> list[tuple[str, list[Scored]]]:
    folder = os.environ.get("TTS_TEST_DATA")
    if not folder:
        pytest.skip("TTS_TEST_DATA names no folder with real data")
    path = Path(folder) / "samples" / "qwen_math100_rm8.jsonl.gz"
    with gzip.open(path, "rt") as lines:
        rows = [json.loads(line) for line in lines]
    by_problem: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        by_problem[row["problem_id"]].append(row)
    return [
        (group[0]["reference"], [scored(row) for row in group]) for group in by_problem.values()
    ]


def scored(row: dict[str, Any]) -> Scored:
    problem = Problem(id=row["problem_id"], prompt=row["problem"])
    key = str(row["sample_index"])
    value = 1 / (1 + 2.718281828 ** -row["score"])
    candidate = Candidate(problem=problem, text="", key=key, final=True, answer=row["answer"])
    return Scored(candidate, Score(value=value))


async def right(equivalence: Equivalence, pairs: Sequence[tuple[str, str | None]]) -> int:
    verdicts = [await equivalence.compare(gold, answer or "") for gold, answer in pairs]
    return verdicts.count("same")


async def test_majority_and_best_of_eight_meet_the_recorded_figures() -> None:
    sets = questions()
    async with Equivalence() as equivalence:
        votes = [
            (gold, await majority_vote([item.candidate for item in items], equivalence))
            for gold, items in sets
        ]
        majority = await right(equivalence, [(gold, found.answer) for gold, found in votes])
        best = [(gold, select_best(items)) for gold, items in sets]
        assert majority in {92, 93}
        assert await right(equivalence, [(g, b.candidate.answer) for g, b in best if b]) == 94
