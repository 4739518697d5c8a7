from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

PROMPT = '''def double(n: int) -> int:
    """ Twice a number.
    >>> double(2)
    4
    """
'''
RIGHT, WRONG, SLOW = "    return 2 * n\n", "    return n * n\n", "    while n: pass\n    return 0\n"
TESTS = ["double(3) == 6\nassert double(0) == 0\n", "double(1) == 1\n", "\n"]


class Files(NamedTuple):
    """A pool of recorded programs with its tests and its problems."""

    pool: Path
    tests: Path
    problems: str


def lines(path: Path, rows: Sequence[object]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def files(tmp_path: Path) -> Files:
    """One task: right, wrong twice, and one that never ends; the id of the tests is not theirs."""
    drawn = [(RIGHT, True), (WRONG, False), (WRONG, None), (SLOW, False)]
    rows = [
        {"problem_id": "T/7", "model": "m", "completion": text, "correct": right}
        for text, right in drawn
    ]
    asked = PROMPT.replace("    >>> double(2)\n    4\n", "") + "    pass\n\nassert "
    problem = {
        "task_id": "T/7",
        "prompt": PROMPT,
        "entry_point": "double",
        "test": "def check(candidate):\n    assert candidate(5) == 10\n",
    }
    tests = {"problem_id": "T/8", "prompt": asked, "samples": TESTS}
    return Files(
        lines(tmp_path / "pool.jsonl", rows),
        lines(tmp_path / "tests.jsonl", [tests]),
        f"humaneval:{lines(tmp_path / 'set.jsonl', [problem])}",
    )
