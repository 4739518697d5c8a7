"""One draw."""

from __future__ import annotations

from tts.run import Run
from tts.strategies.base import StrategyBase
from tts.strategies.parts.select import Select, first_answered
from tts.values import Candidate, Problem


class Single(StrategyBase):
    """One draw; greedy unless a temperature is given. The baseline of every comparison."""

    name = "single"
    bounded = True

    temperature: float | None = 0.0

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        default = run.sampling.temperature
        temperature = default if self.temperature is None else self.temperature
        [draft] = run.sample(problem, temperature=temperature)
        return await draft

    def selection(self) -> Select:
        return first_answered
