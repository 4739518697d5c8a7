"""Early-stopping self-consistency: majority voting in windows."""

from __future__ import annotations

from typing import Any

from tts.run import Run
from tts.strategies.at_least import at_least
from tts.strategies.parts.finish import finish
from tts.strategies.parts.select import most_voted
from tts.strategies.parts.stopping import UnanimousWindow, in_batches
from tts.values import Candidate, Problem


class EarlyStoppingConsistency:
    """Draw windows until one is unanimous, then vote over all draws (Li et al. 2024, ESC)."""

    name = "early_stopping_consistency"
    bounded = True

    def __init__(self, *, n: int = 40, window: int = 5) -> None:
        at_least(2, window=window)
        at_least(window, n=n)
        self.n, self.window = n, window
        self._stop = UnanimousWindow(window)

    @property
    def parameters(self) -> dict[str, Any]:
        return {"n": self.n, "window": self.window}

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        drawn = await in_batches(problem, run, rule=self._stop, n=self.n, batch=self.window)
        chosen: Candidate | None = await run.call(most_voted, drawn.kept, run)
        return chosen

    async def finish(self, problem: Problem, run: Run) -> Candidate | None:
        return await finish(problem, run, most_voted)
