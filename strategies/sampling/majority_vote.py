"""Votes that weigh all draws alike: one draw alone, the answer most agree on, the first to end."""

from __future__ import annotations

from typing import Literal

from tts.answers.vote import is_finished
from tts.run import Run
from tts.strategies.base import StrategyBase, at_least
from tts.strategies.parts.select import Select, first_answered, most_voted
from tts.strategies.parts.stopping import (
    BY_SCORE,
    Beta,
    Dirichlet,
    StopName,
    UnanimousWindow,
    in_batches,
    stop_rule,
)
from tts.values import Candidate, Kept, Problem


class Single(StrategyBase):
    """One draw; greedy unless a temperature is given. The baseline of every comparison."""

    name = "single"
    bounded = True

    temperature: float | None = 0.0

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        [draft] = run.sample(problem, temperature=self.draws_at(run.sampling.temperature))
        return await draft

    def draws_at(self, temperature: float) -> float:
        return temperature if self.temperature is None else self.temperature

    def selection(self) -> Select:
        return first_answered


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
        if self.stop in BY_SCORE:
            raise ValueError(f"stop={self.stop} looks at scores, and a majority vote has none.")
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


class FirstFinish(StrategyBase):
    """Launch `n` draws, take the first `m` with an answer, drop the others.

    short-m@k of Hassid et al. (2025); `m` 1 is first-finish search (Agarwal et al. 2025). The order
    of arrival decides, and is journalled: a replay repeats it.
    """

    name = "first_finish"
    bounded = True

    n: int = 8
    m: int = 3

    def check(self) -> None:
        at_least(1, n=self.n, m=self.m)
        if self.m > self.n:
            raise ValueError(f"m ({self.m}) is at most n ({self.n}).")

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        drafts = run.sample(problem, n=self.n)
        first = await run.first(drafts, k=self.m, where=has_answer)
        run.drop(drafts)
        answer: Candidate | None = await run.call(most_voted, [Kept(draft) for draft in first], run)
        return answer

    def selection(self) -> Select:
        return most_voted


def has_answer(draft: Candidate) -> bool:
    """Whether a draw ended by itself with an answer: a cut one is not the first to finish."""
    return is_finished(draft) and draft.answer is not None
