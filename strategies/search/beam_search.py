"""Beam search over steps: keep what a verifier likes best, and continue it."""

from __future__ import annotations

from typing import Literal

from tts.run import Run
from tts.strategies.base import StrategyBase, at_least
from tts.strategies.parts.expand import expand, rounds
from tts.strategies.parts.select import Choice, Select, chosen, highest_scored, split_finished
from tts.strategies.parts.width import affordable_width, largest_remainder
from tts.values import Candidate, Problem, Scored

Quota = Literal["keep", "shrink"]


class BeamSearch(StrategyBase):
    """Step-wise beam search (Snell et al. 2024, section 5.2).

    A round draws the next step of every live candidate, drops repeated texts, scores the rest and
    keeps the best `n // branching`. A candidate is finished when the model ends it, boxes an
    answer or adds nothing; finished ones leave the beam and wait for the selection. A round is no
    wider than what is left of the budget could take to the end.
    """

    name = "beam_search"
    bounded = stepwise = True
    lookahead = 0

    n: int = 16
    """Draws per round."""
    branching: int = 4
    """Children per kept candidate, the papers' M; n // branching are kept."""
    rounds: int = 40
    """Most steps; the last round runs to the end."""
    quota: Quota = "keep"
    """`keep` draws n per round until n solutions are finished; `shrink` gives up a live place, and
    so `branching` draws, for each finished one."""
    select: Choice = "weighted"
    """How the answer is chosen among the finished."""

    def check(self) -> None:
        at_least(1, n=self.n, branching=self.branching, rounds=self.rounds)
        if self.n < self.branching:
            raise ValueError(f"n ({self.n}) is at least branching ({self.branching}).")
        if self.quota not in ("keep", "shrink"):
            raise ValueError(f"quota is keep or shrink, not {self.quota!r}.")

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
        answer: Candidate | None = await run.call(self.selection(), done, run)
        return answer

    def selection(self) -> Select:
        return chosen(self.select)

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

    lookahead: int = 1
    """Greedy steps behind each child."""

    def check(self) -> None:
        super().check()
        at_least(1, lookahead=self.lookahead)
