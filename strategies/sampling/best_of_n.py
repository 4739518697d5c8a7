"""Best-of-N: the draw, or the answer, that a verifier likes best."""

from __future__ import annotations

from typing import ClassVar

from tts.answers import Aggregate
from tts.run import Run
from tts.strategies.base import StrategyBase, at_least
from tts.strategies.parts.select import Choice, Select, chosen
from tts.strategies.parts.stopping import ExpectedGain, StopName, in_batches, stop_rule
from tts.values import Candidate, Problem


class BestOfN(StrategyBase):
    """Draw `n` solutions, score each as it ends, take the highest (Cobbe et al. 2021)."""

    name = "best_of_n"
    choice: ClassVar[Choice] = "best"

    n: int = 16
    """Draws, at most."""
    aggregate: Aggregate | None = None
    """How step scores become one; None: the verifier's own value."""
    stop: StopName = "never"
    """The rule that may end drawing early, asked every `batch` draws."""
    batch: int = 4
    """Draws that travel together under a stop rule."""

    def check(self) -> None:
        at_least(1, n=self.n, batch=self.batch)
        stop_rule(self.stop)

    @property
    def bounded(self) -> bool:  # type: ignore[override]  # scores decide when to stop
        return self.stop != "gain"

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        size = self.n if self.stop == "never" else self.batch
        drawn = await in_batches(
            problem, run, rule=stop_rule(self.stop), n=self.n, batch=size, scored=True
        )
        answer: Candidate | None = await run.call(self.selection(), drawn.kept, run)
        return answer

    def selection(self) -> Select:
        return chosen(self.choice, self.aggregate)


class WeightedBestOfN(BestOfN):
    """Best-of-N whose scores vote: the answer with the greatest sum (Li et al. 2022)."""

    name = "weighted_best_of_n"
    choice = "weighted"


class OptimalStopping(StrategyBase):
    """Draw and score until the expected gain of the best score is below `cost` per draw.

    Pandora's box (Weitzman 1979) as Kalayci et al. (2025) apply it to best-of-N; scores are taken
    as normal, see `ExpectedGain`.
    """

    name = "optimal_stopping"

    n: int = 32
    cost: float = 0.01
    """Of one draw, in units of the score."""
    least: int = 4
    """Draws before the rule is asked."""
    batch: int = 4
    select: Choice = "best"

    def check(self) -> None:
        at_least(1, n=self.n, batch=self.batch)
        ExpectedGain(self.cost, least=self.least)

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        drawn = await in_batches(
            problem,
            run,
            rule=ExpectedGain(self.cost, least=self.least),
            n=self.n,
            batch=self.batch,
            scored=True,
        )
        answer: Candidate | None = await run.call(self.selection(), drawn.kept, run)
        return answer

    def selection(self) -> Select:
        return chosen(self.select)
