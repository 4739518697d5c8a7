"""Best-of-N without a verifier: the model's own certainty ranks the draws."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean
from typing import Any

from tts.run import Run
from tts.strategies.at_least import at_least
from tts.strategies.parts.finish import finish
from tts.strategies.parts.select import Judged
from tts.strategies.sampling.deepconf import ALTERNATIVES, confident_vote
from tts.values import Candidate, Problem


class SelfCertainty:
    """Borda voting over ranks of self-certainty (Kang et al. 2025).

    Self-certainty is how far the token distributions are from uniform; from the top
    log-probabilities it is known up to a constant, which ranks do not see. The draw of rank r has
    (n - r + 1)^`power` votes; `power` 0 is majority voting, a great one takes the most certain.
    """

    name = "self_certainty"
    bounded = True

    def __init__(
        self, *, n: int = 16, power: float = 0.5, alternatives: int = ALTERNATIVES
    ) -> None:
        at_least(1, n=n, alternatives=alternatives)
        if power < 0:
            raise ValueError(f"power is not negative, {power}.")
        self.n, self.power, self.alternatives = n, power, alternatives

    @property
    def parameters(self) -> dict[str, Any]:
        return {"n": self.n, "power": self.power, "alternatives": self.alternatives}

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        drafts = await run.all(run.sample(problem, n=self.n, logprobs=self.alternatives))
        answer: Candidate | None = await run.call(self._choose, list(drafts), run)
        return answer

    async def finish(self, problem: Problem, run: Run) -> Candidate | None:
        return await finish(problem, run, self._select)

    async def _select(self, kept: Sequence[Judged], run: Run) -> Candidate | None:
        return await self._choose([entry.candidate for entry in kept], run)

    async def _choose(self, drafts: list[Candidate], run: Run) -> Candidate | None:
        certainties = [fmean(d.confidences) if d.confidences else None for d in drafts]
        return await confident_vote(drafts, borda(certainties, self.power), run)


def borda(certainties: Sequence[float | None], power: float) -> list[float | None]:
    """Votes by rank, the most certain first; none where the certainty is not known."""
    known = [value for value in certainties if value is not None]
    ranks = [None if v is None else 1 + sum(o > v for o in known) for v in certainties]
    return [None if rank is None else (len(known) - rank + 1) ** power for rank in ranks]
