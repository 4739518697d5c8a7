from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import numpy as np
import pytest

from tts.equivalence import Equivalence
from tts.eval.replay.files import graded_pools, read_rows
from tts.eval.replay.pool import Draws, Pool

Rows = Sequence[dict[str, Any]]
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """A file of rows; what a row leaves out is that of one model and one problem."""

    def written(rows: Rows, name: str = "rows.jsonl") -> Path:
        plain = {"problem_id": "p", "model": "m", "problem": "2 + 2?", "reference": "4"}
        path = tmp_path / name
        path.write_bytes(b"\n".join(msgspec.json.encode({**plain, **row}) for row in rows))
        return path

    return written


def pools_of(source: Path | str, **options: Any) -> list[Pool]:
    async def read() -> list[Pool]:
        async with Equivalence() as equivalence:
            grading = {"dollars_of": lambda *_: None, "equivalence": equivalence}
            grading |= {
                name: options.pop(name) for name in ("dollars_of", "notice") if name in options
            }
            return await graded_pools(await read_rows(str(source), **options), **grading)

    return asyncio.run(read())


def draws(
    classes: Sequence[int],
    correct: Sequence[bool],
    scores: Sequence[float] | None = None,
    *,
    problem_id: str = "p",
    tokens: Sequence[int] | None = None,
) -> Draws:
    """Draws that ended by themselves; those of class -1 have no answer."""
    n = len(classes)
    return Draws(
        problem_id=problem_id,
        classes=np.array(classes, dtype=np.int64),
        correct=np.array(correct, dtype=np.bool_),
        scores=np.full(n, np.nan) if scores is None else np.array(scores, dtype=np.float64),
        finished=np.ones(n, dtype=np.bool_),
        answered=np.array(classes) >= 0,
        tokens=np.array([10] * n if tokens is None else tokens, dtype=np.int64),
        texts=np.arange(n, dtype=np.int64),
        score_tokens=np.zeros(n, dtype=np.int64),
        seconds=np.full(n, np.nan),
        dollars=np.full(n, np.nan),
        prompts=np.full(n, 5, dtype=np.int64),
        replicates=np.zeros(n, dtype=np.int64),
    )


def pool(*problems: Draws) -> Pool:
    return Pool(setting="m", source="rows.jsonl", task="math", problems=problems)


def random_rows(seed: int, *, problems: int = 12, n: int = 8, **fields: Any) -> Rows:
    """Draws of a few answers, now and then cut, without an answer or of equal score."""
    random, rows = Random(seed), list[dict[str, Any]]()
    for problem in range(problems):
        chance = random.random()
        for index in range(n):
            right = random.random() < chance
            answer = str(problem) if right else random.choice(["a", "b", "c", None])
            row = {
                "problem_id": f"p{problem}",
                "problem": f"What is {problem}?",
                "reference": str(problem),
                "sample_index": index,
                "completion": "It is so.",
                "answer": answer,
                "correct": right,
                "score": random.choice([0.1, 0.4, 0.4, random.random()]),
                "finish_reason": "length" if random.random() < 0.1 else "stop",
                "prompt_tokens": 7,
                "completion_tokens": random.randint(1, 40),
            }
            rows.append({**row, **fields})
    return rows
