"""Beam search over steps: keep what a verifier likes best, and continue it."""

from __future__ import annotations

from typing import Any, Literal

from tts.run import Run
from tts.strategies.at_least import at_least
from tts.strategies.parts.expand import expand, rounds
from tts.strategies.parts.finish import finish
from tts.strategies.parts.select import Choice, chosen, highest_scored, split_finished
from tts.strategies.parts.width import affordable_width, largest_remainder
from tts.values import Candidate, Problem, Scored

Quota = Literal["keep", "shrink"]


class BeamSearch:
    """Step-wise beam search (Snell et al. 2024, section 5.2).

    A round draws the next step of every live candidate, drops repeated texts, scores the rest and
    keeps the best `n // branching`. A candidate is finished when the model ends it, boxes an
    answer or adds nothing; finished ones leave the beam and wait for the selection. A round is no
    wider than what is left of the budget could take to the end.
    """

    name = "beam_search"
    bounded = stepwise = True
    lookahead = 0

    def __init__(
        self,
        *,
        n: int = 16,
        branching: int = 4,
        rounds: int = 40,
        quota: Quota = "keep",
        select: Choice = "weighted",
    ) -> None:
        """Describe the search.

        Args:
            n: draws per round.
            branching: children per kept candidate, the papers' M; n // branching are kept.
            rounds: most steps; the last round runs to the end.
            quota: `keep` draws n per round until n solutions are finished; `shrink` gives up a
                live place, and so `branching` draws, for each finished one.
            select: how the answer is chosen among the finished.
        """
        at_least(1, n=n, branching=branching, rounds=rounds)
        if n < branching:
            raise ValueError(f"n ({n}) is at least branching ({branching}).")
        if quota not in ("keep", "shrink"):
            raise ValueError(f"quota is keep or shrink, not {quota!r}.")
        self.n, self.branching, self.rounds = n, branching, rounds
        self.quota: Quota = quota
        self.choice, self.select = select, chosen(select)

    @property
    def parameters(self) -> dict[str, Any]:
        return {
            "n": self.n,
            "branching": self.branching,
            "rounds": self.rounds,
            "quota": self.quota,
            "select": self.choice,
        }

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        live: list[Problem | Candidate] = [problem]
        draws, done = self.n, list[Scored]()
        for until in rounds(self.rounds):
            draws = affordable_width(run, draws, 2 + self.lookahead)
            live = live[: max(1, draws // self.branching)]
            shares = largest_remainder([1.0] * len(live), draws)
            children = [
                child
                for source, share in zip(live, shares, strict=True)
                for child in expand(run, source, share, until=until, lookahead=self.lookahead)
            ]
            ended, unfinished = split_finished(await run.all(children))
            done += ended
            kept, draws = self._room(len(done))
            live = [one.candidate for one in highest_scored(unfinished, kept)]
            if not live:
                break
        answer: Candidate | None = await run.call(self.select, done, run)
        return answer

    async def finish(self, problem: Problem, run: Run) -> Candidate | None:
        return await finish(problem, run, self.select)

    def _room(self, done: int) -> tuple[int, int]:
        """How many candidates stay live, and how many draws they share."""
        kept = self.n // self.branching
        if self.quota == "keep":
            return (kept, self.n) if done < self.n else (0, 0)
        kept = max(0, kept - done)
        return kept, kept * self.branching


class LookaheadSearch(BeamSearch):
    """Beam search whose children are scored by where they lead (Snell et al. 2024, section 5.2).

    Each child is continued greedily by `lookahead` steps, and the score of the text that these
    lead to is the child's. The search goes on from the child itself.
    """

    name = "lookahead_search"

    def __init__(
        self,
        *,
        n: int = 16,
        branching: int = 4,
        rounds: int = 40,
        lookahead: int = 1,
        quota: Quota = "keep",
        select: Choice = "weighted",
    ) -> None:
        """`lookahead`: greedy steps behind each child; the others are BeamSearch's."""
        super().__init__(n=n, branching=branching, rounds=rounds, quota=quota, select=select)
        at_least(1, lookahead=lookahead)
        self.lookahead = lookahead

    @property
    def parameters(self) -> dict[str, Any]:
        return {**super().parameters, "lookahead": self.lookahead}
