"""Self-consistency: the answer most draws agree on, of a fixed number or until it is safe."""

from __future__ import annotations

from typing import Any, Literal

from tts.run import Run
from tts.strategies.at_least import at_least
from tts.strategies.parts.finish import finish
from tts.strategies.parts.select import most_voted
from tts.strategies.parts.stopping import (
    Beta,
    Dirichlet,
    StopName,
    UnanimousWindow,
    in_batches,
    stop_rule,
)
from tts.values import Candidate, Problem


class MajorityVote:
    """Draw `n` solutions and take the most frequent answer (Wang et al. 2022)."""

    name = "majority_vote"
    bounded = True

    def __init__(self, *, n: int = 16, stop: StopName = "never", batch: int = 4) -> None:
        """`stop`: the rule that may end drawing early, asked every `batch` draws."""
        at_least(1, n=n, batch=batch)
        if stop == "gain":
            raise ValueError("stop=gain looks at scores, and a majority vote has none.")
        self.n, self.batch = n, batch
        self.stop: StopName = stop
        self.rule = stop_rule(stop)

    @property
    def parameters(self) -> dict[str, Any]:
        return {"n": self.n, "stop": self.stop, "batch": self.batch}

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        size = self.n if self.stop == "never" else self.batch
        drawn = await in_batches(problem, run, rule=self.rule, n=self.n, batch=size)
        answer: Candidate | None = await run.call(most_voted, drawn.kept, run)
        return answer

    async def finish(self, problem: Problem, run: Run) -> Candidate | None:
        return await finish(problem, run, most_voted)


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
