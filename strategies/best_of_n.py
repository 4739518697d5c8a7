"""Best-of-N: the draw that a verifier likes best."""

from __future__ import annotations

from typing import Any

from tts.run import Run
from tts.strategies.finishing import finish
from tts.strategies.selection import Select, highest_scored
from tts.values import Candidate, Problem, Scored


class BestOfN:
    """Draw `n` solutions, score each as it ends, take the highest (Cobbe et al. 2021)."""

    name = "best_of_n"
    bounded = True
    select: Select = staticmethod(highest_scored)

    def __init__(self, *, n: int = 16) -> None:
        if n < 1:
            raise ValueError(f"n is at least 1, not {n}.")
        self.n = n

    @property
    def parameters(self) -> dict[str, Any]:
        return {"n": self.n}

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        drafts = run.sample(problem, n=self.n)
        scored = [run.call(Scored, draft, run.score(draft)) for draft in drafts]
        chosen: Candidate | None = await run.call(self.select, await run.all(scored), run)
        return chosen

    async def finish(self, problem: Problem, run: Run) -> Candidate | None:
        return await finish(problem, run, self.select)
