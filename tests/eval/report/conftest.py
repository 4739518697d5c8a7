from __future__ import annotations

from collections.abc import Callable

import pytest

from tts.eval.attempts import Attempt, Grade
from tts.values import Problem, StoppedBy, Usage

MakeAttempt = Callable[..., Attempt]
MakeRuns = Callable[..., list[Attempt]]


@pytest.fixture
def problems() -> list[Problem]:
    return [
        Problem(id=f"p{n}", prompt=f"Question {n}", answer=str(n), difficulty_bin=1 + n % 5)
        for n in range(10)
    ]


def _attempt(
    strategy: str = "vote",
    budget: str = "1000 tokens",
    problem: int = 0,
    *,
    correct: bool | None = True,
    tokens: int = 1000,
    nanodollars: int | None = 1_000_000,
    answer: str | None = "1",
    replicate: int = 0,
) -> Attempt:
    completion, prompt = tokens * 4 // 5, tokens - tokens * 4 // 5
    drawn = Usage(
        calls=1, completion_tokens=completion, nanodollars=nanodollars, fresh_tokens=completion
    )
    judged = Usage(calls=1, prompt_tokens=prompt, nanodollars=nanodollars, fresh_tokens=prompt // 2)
    stopped_by: StoppedBy = "failed" if correct is None else "done"
    return Attempt(
        strategy=strategy,
        budget=budget,
        problem_id=f"p{problem}",
        grade=Grade(correct, "failed" if correct is None else "same" if correct else "different"),
        answer=answer,
        attributed=drawn + judged,
        billed=judged,
        spend={"sample": drawn, "verify": judged},
        stopped_by=stopped_by,
        seconds=2.0,
        replicate=replicate,
    )


@pytest.fixture
def attempt() -> MakeAttempt:
    """Makes one run that spends four fifths of its tokens on drawing, the rest on verifying."""
    return _attempt


@pytest.fixture
def runs() -> MakeRuns:
    """Makes runs of one strategy on ten problems, the first `right` of them solved."""

    def make(
        strategy: str, right: int, budget: str = "1000 tokens", **options: object
    ) -> list[Attempt]:
        made: MakeAttempt = _attempt
        return [made(strategy, budget, n, correct=n < right, **options) for n in range(10)]

    return make
