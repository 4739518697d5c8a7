"""First finish: vote over the draws that end first and cancel the rest."""

from __future__ import annotations

from tts.answers.vote import is_finished
from tts.run import Run
from tts.strategies.base import StrategyBase, at_least
from tts.strategies.parts.select import Select, most_voted
from tts.values import Candidate, Kept, Problem


class FirstFinish(StrategyBase):
    """Launch `n` draws, take the first `m` with an answer, drop the others.

    short-m@k of Hassid et al. (2025); `m` 1 is first-finish search (Agarwal et al. 2025). The order
    of arrival decides, and is journalled: a replay repeats it.
    """

    name = "first_finish"
    bounded = True

    n: int = 8
    m: int = 3

    def check(self) -> None:
        at_least(1, n=self.n, m=self.m)
        if self.m > self.n:
            raise ValueError(f"m ({self.m}) is at most n ({self.n}).")

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        drafts = run.sample(problem, n=self.n)
        first = await run.first(drafts, k=self.m, where=has_answer)
        run.drop(drafts)
        answer: Candidate | None = await run.call(most_voted, [Kept(draft) for draft in first], run)
        return answer

    def selection(self) -> Select:
        return most_voted


def has_answer(draft: Candidate) -> bool:
    """Whether a draw ended by itself with an answer: a cut one is not the first to finish."""
    return is_finished(draft) and draft.answer is not None
