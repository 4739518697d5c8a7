"""Diverse verifier tree search: many small beams that never compete."""

from __future__ import annotations

from typing import Any

from tts.run import Run
from tts.strategies.at_least import at_least
from tts.strategies.parts.expand import expand, rounds
from tts.strategies.parts.finish import finish
from tts.strategies.parts.select import Choice, chosen, highest_scored, split_finished
from tts.strategies.parts.width import affordable_width
from tts.values import Candidate, Problem, Scored


class DVTS:
    """`n // branching` independent subtrees, each a beam of one (Beeching et al. 2024).

    A subtree draws `branching` next steps, goes on from the best and ends when that is finished.
    Every subtree has an equal share of the budget, fewer subtrees a greater one where it is too
    small for all; what a subtree leaves returns when it ends.
    """

    name = "dvts"
    bounded = stepwise = True

    def __init__(
        self,
        *,
        n: int = 16,
        branching: int = 4,
        rounds: int = 40,
        lookahead: int = 0,
        select: Choice = "weighted",
    ) -> None:
        """Describe the search.

        Args:
            n: draws per round, over all subtrees; a multiple of `branching`.
            branching: children per subtree and round, the papers' M.
            rounds: most steps; the last round runs to the end.
            lookahead: greedy steps behind each child, by whose end it is scored.
            select: how the answer is chosen among the finished.
        """
        at_least(1, n=n, branching=branching, rounds=rounds)
        at_least(0, lookahead=lookahead)
        if n % branching:
            raise ValueError(f"n ({n}) is a multiple of branching ({branching}).")
        self.n, self.branching, self.rounds = n, branching, rounds
        self.lookahead = lookahead
        self.choice, self.select = select, chosen(select)

    @property
    def parameters(self) -> dict[str, Any]:
        return {
            "n": self.n,
            "branching": self.branching,
            "rounds": self.rounds,
            "lookahead": self.lookahead,
            "select": self.choice,
        }

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        subtrees = self.n // self.branching
        share = 1 / min(subtrees, self._abreast(run))
        grown = [run.spawn(self._grow, problem, share=share) for _ in range(subtrees)]
        ended = await run.all(grown)
        if ended.failed:
            return await self.finish(problem, run)
        done = [one for subtree in ended for one in subtree]
        answer: Candidate | None = await run.call(self.select, done, run)
        return answer

    async def finish(self, problem: Problem, run: Run) -> Candidate | None:
        return await finish(problem, run, self.select)

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
