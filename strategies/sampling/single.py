"""One draw."""

from __future__ import annotations

from typing import Any

from tts.run import Run
from tts.strategies.parts.finish import finish
from tts.strategies.parts.select import first_answered
from tts.values import Candidate, Problem


class Single:
    """One draw; greedy unless a temperature is given. The baseline of every comparison."""

    name = "single"
    bounded = True

    def __init__(self, *, temperature: float | None = 0.0) -> None:
        self.temperature = temperature

    @property
    def parameters(self) -> dict[str, Any]:
        return {"temperature": self.temperature}

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        default = run.settings.sampling.temperature
        temperature = default if self.temperature is None else self.temperature
        [draft] = run.sample(problem, temperature=temperature)
        return await draft

    async def finish(self, problem: Problem, run: Run) -> Candidate | None:
        return await finish(problem, run, first_answered)
