"""Best-of-N: the draw that a verifier likes best."""

from __future__ import annotations

from typing import Any, ClassVar

from tts.run import Run
from tts.strategies.at_least import at_least
from tts.strategies.parts.finish import finish
from tts.strategies.parts.select import Choice, chosen
from tts.strategies.parts.stopping import StopName, in_batches, stop_rule
from tts.values import Candidate, Problem
from tts.voting import Aggregate


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
