"""What spends compute and what judges: the two seams that are handed a Run."""

from __future__ import annotations

from typing import Any, Protocol

from tts.run.run import Run
from tts.run.verifier import VerifierOf
from tts.values import Candidate, Problem


class Strategy(Protocol):
    """One method of spending compute, configured by its constructor and otherwise stateless.

    A strategy whose calls do not depend on what earlier ones brought may declare `bounded = True`:
    its dry run is then called a bound. One that grows solutions step by step declares
    `stepwise = True`: room for a whole draw is then kept back for `finish`.
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


class Verifier(VerifierOf[Run], Protocol):
    """What judges the candidates of a Run."""
