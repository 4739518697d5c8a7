"""What tests of verifiers share."""

from __future__ import annotations

from typing import Any

from tts.values import Candidate, Problem


class Compared:
    """Asks a judge about the two draws of a problem."""

    name, parameters = "compared", {}

    def __init__(self, ask: Any) -> None:
        self.ask, self.verdict = ask, None

    async def solve(self, problem: Problem, run: Any) -> Candidate:
        drafts = run.sample(problem, n=2)
        self.verdict = await self.ask(drafts, run)
        candidate: Candidate = await drafts[1]
        return candidate

    async def finish(self, problem: Problem, run: Any) -> None: ...
