"""What spends compute and what judges: the two seams that are handed a Run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol, cast, runtime_checkable

from tts.run.generator_call import offers
from tts.run.run import Run
from tts.run.settings import VerifierOf
from tts.values import Candidate, Problem


class Strategy(Protocol):
    """One method of spending compute, configured by its constructor and otherwise stateless.

    What else a strategy may declare is `SaysBounded`, `SaysStepwise` and `SaysReads`.
    """

    @property
    def name(self) -> str: ...

    @property
    def parameters(self) -> dict[str, Any]:
        """The configuration as JSON-able data: part of every run's identity."""
        ...

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        """The best candidate, by calls on `run`."""
        ...

    async def finish(self, problem: Problem, run: Run) -> Candidate | None:
        """The best candidate of what there is, after a refusal or at the deadline."""
        ...


@runtime_checkable
class SaysBounded(Protocol):
    """A strategy that declares `bounded = True` where its calls do not depend on what earlier ones
    brought: its dry run is then called a bound."""

    bounded: bool


@runtime_checkable
class SaysStepwise(Protocol):
    """A strategy that declares `stepwise = True` where it grows solutions step by step: room for a
    whole draw is then kept back for `finish`."""

    stepwise: bool


@runtime_checkable
class SaysReads(Protocol):
    """A strategy that declares `reads = False` where it asks for neither documents nor
    demonstrations: it need not be tried for want of them before anything is sent."""

    reads: bool


@runtime_checkable
class SaysFitted(Protocol):
    """A strategy whose figures were fitted on some problems, for some models."""

    def refuse(self, problems: Iterable[Problem], models: Mapping[str, str], verifier: Any) -> None:
        """Raise `UsageError` where it may not be judged by these problems, which taught it, or was
        fitted for other models (name and revision by the names of the engine) or verifiers."""
        ...


def is_bounded(strategy: Strategy) -> bool:
    """Whether a strategy declares that its dry run is a bound."""
    return offers(strategy, SaysBounded) and cast("SaysBounded", strategy).bounded


def is_stepwise(strategy: Strategy) -> bool:
    """Whether a strategy declares that it grows solutions step by step."""
    return offers(strategy, SaysStepwise) and cast("SaysStepwise", strategy).stepwise


def may_read(strategy: Strategy) -> bool:
    """Whether a strategy may ask for documents or demonstrations: it does not say that it will not."""
    return not offers(strategy, SaysReads) or cast("SaysReads", strategy).reads


class Verifier(VerifierOf[Run], Protocol):
    """What judges the candidates of a Run."""
