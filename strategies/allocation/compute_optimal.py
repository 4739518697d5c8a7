"""Compute-optimal strategies: per problem a model, a strategy, its parameters and how many draws."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from tts.errors import UsageError
from tts.run import Run, Strategy
from tts.strategies.allocation.climb import climb
from tts.strategies.allocation.ladder import Ladder, Rung, default_ladder
from tts.strategies.allocation.policy import Policy, read_policy
from tts.strategies.base import StrategyBase, at_least, finish
from tts.strategies.parts.select import Choice, Select, chosen
from tts.values import Candidate, Problem


class Climbing(StrategyBase):
    """Climbs a ladder and chooses among all that was drawn on the way."""

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        ladder = self.ladder(run)
        if unknown := [name for name in ladder.models if name not in run.models]:
            raise UsageError(
                f"{self.name} asks a model {unknown[0]!r}: give one with --models "
                f"{unknown[0]}=BACKEND:NAME."
            )
        return await climb(ladder, problem, run, self.built)

    async def finish(self, problem: Problem, run: Run) -> Candidate | None:
        draws = len(run.kept.final())
        run.explain(
            f"A ceiling of the budget ended it with {draws} whole draws, the best of which is taken.",
            draws=draws,
            end="ceiling",
        )
        return await finish(problem, run, chosen(self.ladder(run).select))

    def selection(self) -> Select:
        return chosen("weighted")

    def ladder(self, run: Run) -> Ladder:
        """The ladder of a run."""
        raise NotImplementedError

    def built(self, name: str, parameters: Mapping[str, Any]) -> Strategy:
        """The strategy of a rung."""
        raise UsageError(f"No rung of {self.name} is a strategy of its own.")


class Auto(Climbing):
    """Greedy first, the next model next, then draws until the score or the vote is good enough.

    For whoever has calibrated nothing: takes the models and the verifier that the engine has, and
    works with one model and no verifier as well. `tts calibrate` fits the figures, and
    `compute_optimal(policy=FILE)` takes them.
    """

    name = "auto"

    n: int = 16
    """Draws behind the greedy ones, at most."""

    def check(self) -> None:
        at_least(1, n=self.n)

    def ladder(self, run: Run) -> Ladder:
        return default_ladder(run.models, scored=run.has_verifier, n=self.n)


class UntilAccepted(Climbing):
    """Draw and score until a score is reached, with giving up: one rung of a ladder alone."""

    name = "until_accepted"

    n: int = 16
    accept: float = 0.9
    """The score that ends it."""
    abandon: float = 0.0
    """It is given up where no score has reached this one after `patience` draws; 0: never."""
    patience: int = 8
    model: str = "default"
    temperature: float | None = None
    batch: int = 1
    """Draws that travel together."""
    select: Choice = "best"

    def check(self) -> None:
        at_least(1, n=self.n, patience=self.patience, batch=self.batch)
        for name in ("accept", "abandon"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} lies between 0 and 1, not {getattr(self, name)}.")
        chosen(self.select)

    @property
    def rungs(self) -> tuple[Rung]:
        """The only rung there is."""
        names = ("model", "n", "temperature", "batch", "accept", "abandon", "patience")
        return (Rung(**{name: getattr(self, name) for name in names}),)

    def ladder(self, run: Run) -> Ladder:
        return Ladder(rungs=self.rungs, select=self.select)


class ComputeOptimal(Climbing):
    """Climb the ladder of a policy that `tts calibrate` fitted (after Snell et al. 2024, §3).

    Per problem it decides on model, strategy, parameters and number of draws, by the scores or the
    agreement of the draws so far and, where the policy has bins, by the difficulty that they show.
    Difficulty is predicted within the budget, and the draws that tell it count for the answer.
    """

    name = "compute_optimal"

    policy: str = ""
    """A policy file; empty: the ladder of `auto`."""
    digest: str = ""
    """Of its ladder; empty: whatever stands in the file now."""
    build: Callable[..., Strategy] | None = None

    @property
    def parameters(self) -> dict[str, Any]:
        return {"policy": self.policy, "digest": self.fitted.digest if self.fitted else ""}

    def check(self) -> None:
        if self.digest != self.parameters["digest"] and self.digest:
            now = self.parameters["digest"] or "none"
            raise ValueError(
                f"policy={self.policy!r} has a ladder of digest {now}, not {self.digest}: it was "
                "fitted again, or moved."
            )

    @cached_property
    def fitted(self) -> Policy | None:
        """What stands in the file."""
        return read_policy(Path(self.policy)) if self.policy else None

    def refuse(self, problems: Iterable[Problem], models: Mapping[str, str], verifier: Any) -> None:
        """Raise `UsageError` where it may not be judged by these problems, or used with these."""
        if self.fitted is not None:
            self.fitted.refuse_problems(problems)
            self.fitted.refuse_models(models, verifier)

    def ladder(self, run: Run) -> Ladder:
        if self.fitted is None:
            return default_ladder(run.models, scored=run.has_verifier)
        models = {name: run.generation(name).spec for name in run.models}
        known = {name: f"{one.model} {one.revision}".strip() for name, one in models.items()}
        self.fitted.refuse_models(known, run.judge)
        return self.fitted.ladder

    def built(self, name: str, parameters: Mapping[str, Any]) -> Strategy:
        if self.build is None:
            return super().built(name, parameters)
        return self.build(name, parameters)
