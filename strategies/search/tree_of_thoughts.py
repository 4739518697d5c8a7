"""Tree of Thoughts: a model proposes steps and judges them itself."""

from __future__ import annotations

from typing import Any, Literal

from tts.graph import Node
from tts.run import Run, Until
from tts.strategies.at_least import at_least
from tts.strategies.judged_thoughts import Judging, judged
from tts.strategies.parts.expand import distinct, rounds, until_at
from tts.strategies.parts.finish import finish
from tts.strategies.parts.select import Choice, chosen, parted, top
from tts.strategies.parts.width import affordable, largest_remainder
from tts.values import Candidate, Problem, Scored

Order = Literal["bfs", "dfs"]


class TreeOfThoughts:
    """Breadth- or depth-first search over steps that the generator itself judges (Yao et al. 2023).

    A judgement is the mean of `votes` replies: how promising one beginning is (`value`), or which
    of them all is the best (`vote`). No verifier is used.
    """

    name = "tree_of_thoughts"
    stepwise = True

    def __init__(
        self,
        *,
        n: int = 8,
        branching: int = 4,
        rounds: int = 8,
        order: Order = "bfs",
        judging: Judging = "value",
        votes: int = 3,
        threshold: float = 0.02,
        select: Choice = "best",
    ) -> None:
        """Describe the search.

        Args:
            n: thoughts per round of `bfs`; n // branching are kept.
            branching: thoughts per expanded state.
            rounds: greatest depth; the last round runs to the end.
            order: `bfs`, or `dfs`, which expands at most as many states as `bfs` would and stops
                at the first solution whose value reaches the threshold.
            judging: `value` judges each thought alone, `vote` siblings against each other.
            votes: replies per judgement.
            threshold: `dfs` leaves thoughts of a lower value alone.
            select: how the answer is chosen among the finished, by the judgements.
        """
        at_least(1, n=n, branching=branching, rounds=rounds, votes=votes)
        if n < branching:
            raise ValueError(f"n ({n}) is at least branching ({branching}).")
        if order not in ("bfs", "dfs") or judging not in ("value", "vote"):
            raise ValueError(
                f"order is bfs or dfs, judging is value or vote, not {order!r}, {judging!r}."
            )
        self.n, self.branching, self.rounds, self.votes = n, branching, rounds, votes
        self.order: Order = order
        self.judging: Judging = judging
        self.threshold = threshold
        self.choice, self.select = select, chosen(select)

    @property
    def parameters(self) -> dict[str, Any]:
        names = ("n", "branching", "rounds", "order", "judging", "votes", "threshold")
        return {**{name: getattr(self, name) for name in names}, "select": self.choice}

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        search = self._breadth_first if self.order == "bfs" else self._depth_first
        answer: Candidate | None = await run.call(self.select, await search(problem, run), run)
        return answer or await self.finish(problem, run)

    async def finish(self, problem: Problem, run: Run) -> Candidate | None:
        return await finish(problem, run, self.select)

    async def _breadth_first(self, problem: Problem, run: Run) -> list[Scored]:
        live: list[Problem | Candidate] = [problem]
        done: list[Scored] = []
        for until in rounds(self.rounds):
            width = affordable(run, self.n, 1 + self.votes)
            live = live[: max(1, width // self.branching)]
            shares = largest_remainder([1.0] * len(live), width)
            thoughts = [
                thought
                for state, share in zip(live, shares, strict=True)
                for thought in self._think(run, state, share, until)
            ]
            ended, unfinished = parted(await judged(run, thoughts, self.judging, self.votes))
            done += ended
            live = [one.candidate for one in top(unfinished, self.n // self.branching)]
            if not live or len(done) >= self.n:
                break
        return done

    async def _depth_first(self, problem: Problem, run: Run) -> list[Scored]:
        stack: list[tuple[int, Problem | Candidate]] = [(1, problem)]
        done: list[Scored] = []
        for _ in range(self.rounds * self.n // self.branching):
            if not stack:
                break
            depth, state = stack.pop()
            width = affordable(run, self.branching, 1 + self.votes)
            thoughts = self._think(run, state, width, until_at(depth, self.rounds))
            ended, unfinished = parted(await judged(run, thoughts, self.judging, self.votes))
            done += ended
            if any(one.score.value >= self.threshold for one in ended):
                break
            hopeful = [one for one in unfinished if one.score.value >= self.threshold]
            if depth < self.rounds:
                stack += [
                    (depth + 1, one.candidate) for one in reversed(top(hopeful, len(hopeful)))
                ]
        return done

    def _think(
        self, run: Run, state: Problem | Candidate, n: int, until: Until
    ) -> list[Node[Candidate]]:
        drafts = run.sample(state, n=n, until=until)
        return [run.call(distinct, draft, drafts[:i]) for i, draft in enumerate(drafts)]
