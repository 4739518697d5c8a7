"""Adaptive consistency: majority voting that stops when the vote is decided."""

from __future__ import annotations

from typing import Any, Literal

from tts.run import Run
from tts.strategies.at_least import at_least
from tts.strategies.parts.finish import finish
from tts.strategies.parts.select import most_voted
from tts.strategies.parts.stopping import Beta, Dirichlet, in_batches
from tts.values import Candidate, Problem

Rule = Literal["beta", "dirichlet"]
RULES: dict[Rule, type[Beta | Dirichlet]] = {"beta": Beta, "dirichlet": Dirichlet}


class AdaptiveConsistency:
    """Draw until the leading answer is safe, at most `n` times (Aggarwal et al. 2023).

    The paper draws one at a time; `batch` draws travel together here and the rule is asked between
    batches. `batch` 1 is the paper.
    """

    name = "adaptive_consistency"
    bounded = True

    def __init__(
        self, *, n: int = 40, confidence: float = 0.95, rule: Rule = "beta", batch: int = 4
    ) -> None:
        at_least(1, n=n, batch=batch)
        if rule not in RULES:
            raise ValueError(f"rule is one of {', '.join(RULES)}, not {rule!r}.")
        self.n, self.confidence, self.rule, self.batch = n, confidence, rule, batch
        self._stop = RULES[rule](confidence)

    @property
    def parameters(self) -> dict[str, Any]:
        told = {"n": self.n, "confidence": self.confidence, "rule": self.rule}
        return {**told, "batch": self.batch}

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        drawn = await in_batches(problem, run, rule=self._stop, n=self.n, batch=self.batch)
        chosen: Candidate | None = await run.call(most_voted, drawn.kept, run)
        return chosen

    async def finish(self, problem: Problem, run: Run) -> Candidate | None:
        return await finish(problem, run, most_voted)
