"""REBASE: a tree whose width is balanced by reward."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tts.run import Run
from tts.strategies.at_least import at_least
from tts.strategies.parts.expand import expand, rounds
from tts.strategies.parts.finish import finish
from tts.strategies.parts.select import Choice, chosen, parted
from tts.strategies.parts.width import affordable
from tts.strategies.softmax_widths import softmax_widths
from tts.values import Candidate, Problem, Scored


class Rebase:
    """Reward-balanced search (Wu et al. 2024, "Inference scaling laws", section 3).

    Every live candidate is continued, the better the more often: children in proportion to
    exp(score / temperature). A finished one takes one from the width, so that at most `n` finish
    before the last round is reached. The width is never more than what is left of the budget could
    take to the end.
    """

    name = "rebase"
    bounded = stepwise = True

    def __init__(
        self,
        *,
        n: int = 16,
        rounds: int = 25,
        temperature: float = 0.2,
        select: Choice = "weighted",
    ) -> None:
        """Describe the search.

        Args:
            n: the tree's width, the paper's W.
            rounds: most steps; the last round runs to the end.
            temperature: of the softmax over scores; greater spreads more evenly.
            select: how the answer is chosen among the finished.
        """
        at_least(1, n=n, rounds=rounds)
        if temperature <= 0:
            raise ValueError(f"temperature is greater than 0, not {temperature}.")
        self.n, self.rounds, self.temperature = n, rounds, temperature
        self.choice, self.select = select, chosen(select)

    @property
    def parameters(self) -> dict[str, Any]:
        return {
            "n": self.n,
            "rounds": self.rounds,
            "temperature": self.temperature,
            "select": self.choice,
        }

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        live: list[Problem | Candidate] = [problem]
        widths, done = [affordable(run, self.n)], list[Scored]()
        for until in rounds(self.rounds):
            children = [
                child
                for source, width in zip(live, widths, strict=True)
                for child in expand(run, source, width, until=until, repeats=True)
            ]
            ended, unfinished = parted(await run.all(children))
            done += ended
            if not unfinished or len(done) >= self.n:
                break
            live = [one.candidate for one in unfinished]
            widths = await self.widths(unfinished, affordable(run, self.n - len(done)), run)
        answer: Candidate | None = await run.call(self.select, done, run)
        return answer

    async def finish(self, problem: Problem, run: Run) -> Candidate | None:
        return await finish(problem, run, self.select)

    async def widths(self, live: Sequence[Scored], width: int, run: Run) -> list[int]:
        """Children per live candidate; they sum to `width`."""
        scores = [one.score.value for one in live]
        return softmax_widths(scores, width, temperature=self.temperature)
