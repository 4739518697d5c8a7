"""Beams over steps: one that keeps what a verifier likes best, or many small ones that never compete."""

from __future__ import annotations

from typing import Literal

from tts.run import Run
from tts.strategies.base import StrategyBase, at_least
from tts.strategies.parts.expand import affordable_width, expand, largest_remainder, rounds
from tts.strategies.parts.select import Choice, Select, chosen, highest_scored, split_finished
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
    reads = False
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
        narrow = affordable_width(run, self.n, 2 + self.lookahead) < self.n
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
        if narrow and len(done) < self.n:
            return await self.finish(problem, run)
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


class DVTS(StrategyBase):
    """`n // branching` independent subtrees, each a beam of one (Beeching et al. 2024).

    A subtree draws `branching` next steps, goes on from the best and ends when that is finished.
    Every subtree has an equal share of the budget, fewer subtrees a greater one where it is too
    small for all; what a subtree leaves returns when it ends.
    """

    name = "dvts"
    bounded = stepwise = True
    reads = False

    n: int = 16
    """Draws per round, over all subtrees; a multiple of `branching`."""
    branching: int = 4
    """Children per subtree and round, the papers' M."""
    rounds: int = 40
    """Most steps; the last round runs to the end."""
    lookahead: int = 0
    """Greedy steps behind each child, by whose end it is scored."""
    select: Choice = "weighted"
    """How the answer is chosen among the finished."""

    def check(self) -> None:
        at_least(1, n=self.n, branching=self.branching, rounds=self.rounds)
        at_least(0, lookahead=self.lookahead)
        if self.n % self.branching:
            raise ValueError(f"n ({self.n}) is a multiple of branching ({self.branching}).")

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        subtrees = self.n // self.branching
        share = 1 / min(subtrees, self._abreast(run))
        grown = [run.spawn(self._grow, problem, share=share) for _ in range(subtrees)]
        ended = await run.all(grown)
        if ended.failed:
            return await self.finish(problem, run)
        done = [one for subtree in ended for one in subtree]
        answer: Candidate | None = await run.call(self.selection(), done, run)
        return answer

    def selection(self) -> Select:
        return chosen(self.select)

    def _abreast(self, run: Run) -> int:
        """Subtrees that fit beside each other; the others begin when what these leave is as much
        again. Each reads its children again with every step, so they are reckoned twice."""
        return max(1, affordable_width(run, self.n, 2 * (2 + self.lookahead)) // self.branching)

    async def _grow(self, problem: Problem, *, run: Run) -> list[Scored]:
        """The finished solutions of one subtree."""
        source: Problem | Candidate = problem
        done: list[Scored] = []
        for until in rounds(self.rounds):
            width = affordable_width(run, self.branching, 2 + self.lookahead)
            children = expand(run, source, width, until=until, lookahead=self.lookahead)
            scored = await run.all(children)
            done += split_finished(scored)[0]
            best = highest_scored(scored, 1)
            if not best or best[0].candidate.final:
                break
            source = best[0].candidate
        return done
