"""Best-of-N: the draw, or the answer, that a verifier likes best."""

from __future__ import annotations

from typing import Any, ClassVar

from tts.answers import Aggregate
from tts.run import Run
from tts.strategies.at_least import at_least
from tts.strategies.parts.finish import finish
from tts.strategies.parts.select import Choice, chosen
from tts.strategies.parts.stopping import ExpectedGain, StopName, in_batches, stop_rule
from tts.values import Candidate, Problem


class BestOfN:
    """Draw `n` solutions, score each as it ends, take the highest (Cobbe et al. 2021)."""

    name = "best_of_n"
    choice: ClassVar[Choice] = "best"

    def __init__(
        self,
        *,
        n: int = 16,
        aggregate: Aggregate | None = None,
        stop: StopName = "never",
        batch: int = 4,
    ) -> None:
        """Describe the selection.

        Args:
            n: draws, at most.
            aggregate: how step scores become one; None: the verifier's own value.
            stop: the rule that may end drawing early, asked every `batch` draws.
            batch: draws that travel together under a stop rule.
        """
        at_least(1, n=n, batch=batch)
        self.n, self.aggregate, self.batch = n, aggregate, batch
        self.stop: StopName = stop
        self.bounded = stop != "gain"
        self.select, self.rule = chosen(self.choice, aggregate), stop_rule(stop)

    @property
    def size(self) -> int:
        """Draws that travel together."""
        return self.n if self.stop == "never" else self.batch

    @property
    def parameters(self) -> dict[str, Any]:
        told = {"n": self.n, "aggregate": self.aggregate}
        return {**told, "stop": self.stop, "batch": self.batch}

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        drawn = await in_batches(
            problem, run, rule=self.rule, n=self.n, batch=self.size, scored=True
        )
        answer: Candidate | None = await run.call(self.select, drawn.kept, run)
        return answer

    async def finish(self, problem: Problem, run: Run) -> Candidate | None:
        return await finish(problem, run, self.select)


class WeightedBestOfN(BestOfN):
    """Best-of-N whose scores vote: the answer with the greatest sum (Li et al. 2022)."""

    name = "weighted_best_of_n"
    choice = "weighted"


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
