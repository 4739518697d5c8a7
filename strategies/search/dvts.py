"""Diverse verifier tree search: many small beams that never compete."""

from __future__ import annotations

from tts.run import Run
from tts.strategies.base import StrategyBase, at_least
from tts.strategies.parts.expand import expand, rounds
from tts.strategies.parts.select import Choice, Select, chosen, highest_scored, split_finished
from tts.strategies.parts.width import affordable_width
from tts.values import Candidate, Problem, Scored


class DVTS(StrategyBase):
    """`n // branching` independent subtrees, each a beam of one (Beeching et al. 2024).

    A subtree draws `branching` next steps, goes on from the best and ends when that is finished.
    Every subtree has an equal share of the budget, fewer subtrees a greater one where it is too
    small for all; what a subtree leaves returns when it ends.
    """

    name = "dvts"
    bounded = stepwise = True

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
