"""Self-consistency: the answer most draws agree on, of a fixed number or until it is safe."""

from __future__ import annotations

from typing import Literal

from tts.run import Run
from tts.strategies.base import StrategyBase, at_least
from tts.strategies.parts.select import Select, most_voted
from tts.strategies.parts.stopping import (
    Beta,
    Dirichlet,
    StopName,
    UnanimousWindow,
    in_batches,
    stop_rule,
)
from tts.values import Candidate, Problem


class MajorityVote(StrategyBase):
    """Draw `n` solutions and take the most frequent answer (Wang et al. 2022)."""

    name = "majority_vote"
    bounded = True

    n: int = 16
    stop: StopName = "never"
    """The rule that may end drawing early, asked every `batch` draws."""
    batch: int = 4

    def check(self) -> None:
        at_least(1, n=self.n, batch=self.batch)
        if self.stop == "gain":
            raise ValueError("stop=gain looks at scores, and a majority vote has none.")
        stop_rule(self.stop)

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        size = self.n if self.stop == "never" else self.batch
        drawn = await in_batches(problem, run, rule=stop_rule(self.stop), n=self.n, batch=size)
        answer: Candidate | None = await run.call(most_voted, drawn.kept, run)
        return answer

    def selection(self) -> Select:
        return most_voted


Rule = Literal["beta", "dirichlet"]
RULES: dict[Rule, type[Beta | Dirichlet]] = {"beta": Beta, "dirichlet": Dirichlet}


class AdaptiveConsistency(StrategyBase):
    """Draw until the leading answer is safe, at most `n` times (Aggarwal et al. 2023).

    The paper draws one at a time; `batch` draws travel together here and the rule is asked between
    batches. `batch` 1 is the paper.
    """

    name = "adaptive_consistency"
    bounded = True

    n: int = 40
    confidence: float = 0.95
    rule: Rule = "beta"
    batch: int = 4

    def check(self) -> None:
        at_least(1, n=self.n, batch=self.batch)
        if self.rule not in RULES:
            raise ValueError(f"rule is one of {', '.join(RULES)}, not {self.rule!r}.")
        RULES[self.rule](self.confidence)

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        drawn = await in_batches(
            problem, run, rule=RULES[self.rule](self.confidence), n=self.n, batch=self.batch
        )
        chosen: Candidate | None = await run.call(most_voted, drawn.kept, run)
        return chosen

    def selection(self) -> Select:
        return most_voted


class EarlyStoppingConsistency(StrategyBase):
    """Draw windows until one is unanimous, then vote over all draws (Li et al. 2024, ESC)."""

    name = "early_stopping_consistency"
    bounded = True

    n: int = 40
    window: int = 5

    def check(self) -> None:
        at_least(2, window=self.window)
        at_least(self.window, n=self.n)

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        drawn = await in_batches(
            problem, run, rule=UnanimousWindow(self.window), n=self.n, batch=self.window
        )
        chosen: Candidate | None = await run.call(most_voted, drawn.kept, run)
        return chosen

    def selection(self) -> Select:
        return most_voted
