"""Self-consistency: the answer that most draws agree on."""

from __future__ import annotations

from typing import Any

from tts.run import Run
from tts.strategies.finishing import finish
from tts.strategies.selection import most_voted
from tts.values import Candidate, Kept, Problem


class MajorityVote:
    """Draw `n` solutions and take the most frequent answer (Wang et al. 2022)."""

    name = "majority_vote"
    bounded = True

    def __init__(self, *, n: int = 16) -> None:
        if n < 1:
            raise ValueError(f"n is at least 1, not {n}.")
        self.n = n

    @property
    def parameters(self) -> dict[str, Any]:
        return {"n": self.n}

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        drafts = await run.all(run.sample(problem, n=self.n))
        chosen: Candidate | None = await run.call(most_voted, [Kept(d) for d in drafts], run)
        return chosen

    async def finish(self, problem: Problem, run: Run) -> Candidate | None:
        return await finish(problem, run, most_voted)
