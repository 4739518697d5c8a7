"""What is decided, what is not, and how many problems would decide it, in one block."""

from __future__ import annotations

from typing import Any

import pytest

from tts.eval.report import assemble
from tts.eval.report.verdicts import Verdicts, verdicts_of
from tts.values import Problem

N = 40


def found(attempt: Any, **right: int) -> Verdicts:
    """Rows that are right on the first so many of forty problems; `vote` is the baseline."""
    problems = [Problem(id=f"p{n}", prompt="q", answer=str(n)) for n in range(N)]
    runs = [
        attempt(name, problem=n, correct=n < many) for name, many in right.items() for n in range(N)
    ]
    return verdicts_of(assemble(runs, problems, title="t", seed=0, baseline="vote").rows)


@pytest.mark.parametrize(
    ("right", "told"),
    [
        ({"beam": 30}, "The difference is decided."),
        ({"beam": 30, "dvts": 31}, "All differences are decided."),
        (
            {"beam": 30, "dvts": 12},
            "1 of 2 differences is decided. About 153 problems would decide",
        ),
        (
            {"beam": 12},
            "The difference is not decided. About 153 problems would decide it; 40 were",
        ),
        ({"beam": 12, "dvts": 12}, "None of 2 differences is decided. About 153 problems would d"),
        ({"beam": 11, "dvts": 13}, "the nearest of them and"),
        ({"beam": 10}, "How many problems would decide it cannot be told."),
    ],
)
def test_one_sentence_says_how_much_is_decided(
    attempt: Any, right: dict[str, int], told: str
) -> None:
    assert told in found(attempt, vote=10, **right).told


def test_the_decided_stand_first_and_then_what_fewest_problems_would_decide(attempt: Any) -> None:
    verdicts = found(attempt, vote=10, beam=11, dvts=30, rebase=13)
    assert [one.row.strategy for one in verdicts.lines] == ["dvts", "rebase", "beam"]
    assert [one.said for one in verdicts.lines] == ["decided", "not decided", "not decided"]
    assert verdicts.lines[0].would_do == "" and "problems" in verdicts.lines[1].would_do
    assert verdicts.baseline == "vote"
