"""Another setting for a child Run: its model, sampling, prompt, and how step scores become one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec
from msgspec import Struct

from tts.answers import Aggregate, aggregate, task_for
from tts.errors import UsageError
from tts.run.node import Node
from tts.run.settings import RunSettings, VerifierOf
from tts.values import Candidate, Score


class Setting(Struct, frozen=True, kw_only=True):
    """What is other in a child Run than in its parent; what is empty or None is as there."""

    model: str = ""
    """The generator that draws where a call names none."""
    sampling: Mapping[str, Any] = {}
    """Fields of `Sampling` that differ."""
    task: str = ""
    """Whose prompt template and answer extraction apply."""
    aggregate: Aggregate | None = None
    """How the verifier's step scores become one."""

    def of(self, settings: RunSettings) -> RunSettings:
        """The settings of a child; `UsageError` for a model or a task that there is not."""
        generators = settings.generators
        if self.model and self.model not in generators:
            raise UsageError(f"There is no model {self.model!r}: give one with --models.")
        first = self.model or next(iter(generators))
        named = self.task or settings.problem.task
        return replace(
            settings,
            generators={first: generators[first], **generators},
            task=task_for(named, generators[first].model.name),
            sampling=msgspec.structs.replace(settings.sampling, **self.sampling),
            verifier=self._verifier(settings.verifier),
        )

    def _verifier(self, verifier: VerifierOf[Any] | None) -> VerifierOf[Any] | None:
        if verifier is None or self.aggregate is None:
            return verifier
        return Reaggregated(verifier, self.aggregate)


class Reaggregated:
    """A verifier whose step scores become one by another rule; a verdict without steps stands."""

    def __init__(self, verifier: VerifierOf[Any], how: Aggregate) -> None:
        self.verifier, self.name = verifier, verifier.name
        self.how: Aggregate = how

    @property
    def identity(self) -> Any:
        told = self.verifier.identity
        return {**told, "aggregate": self.how} if isinstance(told, dict) else told

    def score(self, candidate: Candidate | Node[Candidate], run: Any) -> Node[Score]:
        node: Node[Score] = run.call(self._again, self.verifier.score(candidate, run))
        return node

    def _again(self, score: Score) -> Score:
        if not score.steps:
            return score
        return msgspec.structs.replace(score, value=aggregate(score.steps, self.how))
