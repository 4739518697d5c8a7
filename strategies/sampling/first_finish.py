"""First finish: vote over the draws that end first and cancel the rest."""

from __future__ import annotations

from typing import Any

from tts.answers.vote import is_finished
from tts.run import Run
from tts.strategies.at_least import at_least
from tts.strategies.parts.finish import finish
from tts.strategies.parts.select import most_voted
from tts.values import Candidate, Kept, Problem


class FirstFinish:
    """Launch `n` draws, take the first `m` with an answer, drop the others.

    short-m@k of Hassid et al. (2025); `m` 1 is first-finish search (Agarwal et al. 2025). The order
    of arrival decides, and is journalled: a replay repeats it.
    """

    name = "first_finish"
    bounded = True

    def __init__(self, *, n: int = 8, m: int = 3) -> None:
        at_least(1, n=n, m=m)
        if m > n:
            raise ValueError(f"m ({m}) is at most n ({n}).")
        self.n, self.m = n, m

    @property
    def parameters(self) -> dict[str, Any]:
        return {"n": self.n, "m": self.m}

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        drafts = run.sample(problem, n=self.n)
        first = await run.first(drafts, k=self.m, where=has_answer)
        run.drop(drafts)
        answer: Candidate | None = await run.call(most_voted, [Kept(draft) for draft in first], run)
        return answer

    async def finish(self, problem: Problem, run: Run) -> Candidate | None:
        return await finish(problem, run, most_voted)


def has_answer(draft: Candidate) -> bool:
    """Whether a draw ended by itself with an answer: a cut one is not the first to finish."""
    return is_finished(draft) and draft.answer is not None
