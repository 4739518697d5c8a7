"""Best-of-N that stops when another draw is not worth its cost."""

from __future__ import annotations

from typing import Any

from tts.run import Run
from tts.strategies.at_least import at_least
from tts.strategies.parts.finish import finish
from tts.strategies.parts.select import Choice, chosen
from tts.strategies.parts.stopping import ExpectedGain, in_batches
from tts.values import Candidate, Problem


class OptimalStopping:
    """Draw and score until the expected gain of the best score is below `cost` per draw.

    Pandora's box (Weitzman 1979) as Kalayci et al. (2025) apply it to best-of-N; scores are taken
    as normal, see `ExpectedGain`.
    """

    name = "optimal_stopping"

    def __init__(
        self,
        *,
        n: int = 32,
        cost: float = 0.01,
        least: int = 4,
        batch: int = 4,
        select: Choice = "best",
    ) -> None:
        """`cost`: of one draw, in units of the score; `least`: draws before the rule is asked."""
        at_least(1, n=n, batch=batch)
        self.n, self.cost, self.least, self.batch = n, cost, least, batch
        self.choice, self.select = select, chosen(select)
        self._stop = ExpectedGain(cost, least=least)

    @property
    def parameters(self) -> dict[str, Any]:
        told = {"n": self.n, "cost": self.cost, "least": self.least}
        return {**told, "batch": self.batch, "select": self.choice}

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        drawn = await in_batches(
            problem, run, rule=self._stop, n=self.n, batch=self.batch, scored=True
        )
        answer: Candidate | None = await run.call(self.select, drawn.kept, run)
        return answer

    async def finish(self, problem: Problem, run: Run) -> Candidate | None:
        return await finish(problem, run, self.select)
