"""Tree of Thoughts: a model proposes steps and judges them itself."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal

from msgspec.structs import replace

from tts.graph import Node, Outcome
from tts.protocols import Draw
from tts.run import Run, Until
from tts.strategies.base import StrategyBase, at_least
from tts.strategies.parts.conversation import Remark
from tts.strategies.parts.expand import distinct, rounds, successes, until_at
from tts.strategies.parts.select import Choice, Select, chosen, highest_scored, split_finished
from tts.strategies.parts.width import affordable_width, largest_remainder
from tts.values import Candidate, Message, Problem, Score, Scored, Usage

Judging = Literal["value", "vote"]
"""Each thought alone, or all against each other."""

Order = Literal["bfs", "dfs"]


class TreeOfThoughts(StrategyBase):
    """Breadth- or depth-first search over steps that the generator itself judges (Yao et al. 2023).

    A judgement is the mean of `votes` replies: how promising one beginning is (`value`), or which
    of them all is the best (`vote`). No verifier is used.
    """

    name = "tree_of_thoughts"
    stepwise = True

    n: int = 8
    """Thoughts per round of `bfs`; n // branching are kept."""
    branching: int = 4
    """Thoughts per expanded state."""
    rounds: int = 8
    """Greatest depth; the last round runs to the end."""
    order: Order = "bfs"
    """`bfs`, or `dfs`, which expands at most as many states as `bfs` would and stops at the first
    solution whose value reaches the threshold."""
    judging: Judging = "value"
    """`value` judges each thought alone, `vote` siblings against each other."""
    votes: int = 3
    """Replies per judgement."""
    threshold: float = 0.02
    """`dfs` leaves thoughts of a lower value alone."""
    select: Choice = "best"
    """How the answer is chosen among the finished, by the judgements."""

    def check(self) -> None:
        at_least(1, n=self.n, branching=self.branching, rounds=self.rounds, votes=self.votes)
        if self.n < self.branching:
            raise ValueError(f"n ({self.n}) is at least branching ({self.branching}).")
        if self.order not in ("bfs", "dfs") or self.judging not in ("value", "vote"):
            told = f"{self.order!r}, {self.judging!r}"
            raise ValueError(f"order is bfs or dfs, judging is value or vote, not {told}.")

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        search = self._breadth_first if self.order == "bfs" else self._depth_first
        answer: Candidate | None = await run.call(self.selection(), await search(problem, run), run)
        return answer or await self.finish(problem, run)

    def selection(self) -> Select:
        return chosen(self.select)

    async def _breadth_first(self, problem: Problem, run: Run) -> list[Scored]:
        live: list[Problem | Candidate] = [problem]
        done: list[Scored] = []
        for until in rounds(self.rounds):
            width = affordable_width(run, self.n, 1 + self.votes)
            live = live[: max(1, width // self.branching)]
            shares = largest_remainder([1.0] * len(live), width)
            thoughts = [
                thought
                for state, share in zip(live, shares, strict=True)
                for thought in self._think(run, state, share, until)
            ]
            ended, unfinished = split_finished(
                await judged(run, thoughts, self.judging, self.votes)
            )
            done += ended
            live = [one.candidate for one in highest_scored(unfinished, self.n // self.branching)]
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
            width = affordable_width(run, self.branching, 1 + self.votes)
            thoughts = self._think(run, state, width, until_at(depth, self.rounds))
            ended, unfinished = split_finished(
                await judged(run, thoughts, self.judging, self.votes)
            )
            done += ended
            if any(one.score.value >= self.threshold for one in ended):
                break
            hopeful = [one for one in unfinished if one.score.value >= self.threshold]
            if depth < self.rounds:
                stack += [
                    (depth + 1, one.candidate)
                    for one in reversed(highest_scored(hopeful, len(hopeful)))
                ]
        return done

    def _think(
        self, run: Run, state: Problem | Candidate, n: int, until: Until
    ) -> list[Node[Candidate]]:
        drafts = run.sample(state, n=n, until=until)
        return [run.call(distinct, draft, drafts[:i]) for i, draft in enumerate(drafts)]


async def judged(
    run: Run, thoughts: Sequence[Node[Candidate]], judging: Judging, votes: int
) -> list[Scored]:
    """The thoughts that were drawn; each is judged by `votes` replies as soon as it can be."""
    ask = run.settings.sampling
    if judging == "value":
        opinion = Opinion(run, wording=VALUE, of="value")
        asked = [
            run.call(valued, one, [run.call(opinion, [one], ask, "end") for _ in range(votes)])
            for one in thoughts
        ]
        return list(await run.all(asked))
    drawn = list(await run.all(thoughts))
    opinion = Opinion(run, wording=VOTE, of="vote")
    ballots = [run.call(opinion, drawn, ask, "end") for _ in range(votes if drawn else 0)]
    return elected(drawn, await run.all(ballots))


def valued(thought: Candidate, replies: list[Outcome[str]]) -> Scored:
    """A thought with the mean worth of what was said of it; 0 where nothing usable was said."""
    found = [value for reply in successes(replies) if (value := worth(reply)) is not None]
    return Scored(thought, Score(value=sum(found) / len(found) if found else 0.0))


def elected(thoughts: Sequence[Candidate], replies: Sequence[str]) -> list[Scored]:
    """The thoughts with their shares of the votes."""
    votes = [place for reply in replies if (place := vote(reply, len(thoughts))) is not None]
    counts = Counter(votes)
    return [
        Scored(thought, Score(value=counts[place] / len(votes) if votes else 0.0))
        for place, thought in enumerate(thoughts)
    ]


VALUE = (
    "Problem:\n{problem}\n\nBeginning of a solution:\n{texts}\n\nCheck it. Can it still lead to "
    "the right answer? Put one word on the last line: sure, likely or impossible."
)
VOTE = (
    "Problem:\n{problem}\n\nBeginnings of solutions:\n\n{texts}\n\nCompare them, then put the "
    "number of the most promising one alone on the last line."
)
WORTH = {"sure": 1.0, "likely": 0.05, "impossible": 0.00005}
"""20 : 1 : 0.001 as in the code of Yao et al. 2023, scaled to at most 1."""


class Opinion(Remark):
    """A remark on candidates; arguments of a call: (candidates, sampling, until)."""

    def __init__(self, run: Run, *, wording: str, of: str) -> None:
        super().__init__(run, of=of, role="judge")
        self.wording = wording

    def messages(self, source: Any) -> tuple[Message, ...]:
        """One user turn that shows the candidates, numbered where there are several."""
        return (Message("user", self._fill(numbered(source))),)

    def foresee(self, args: tuple[Any, ...], reach: int) -> Usage:
        turn = Message("user", self._fill(""))
        prompt = self.generator.count_prompt((turn,), "") + reach
        return self._charged(prompt, args[1].max_tokens, first=True)

    def pretend(self, args: tuple[Any, ...], draw: Draw) -> Any:
        """As costly as any, and of an opinion that ends nothing: `likely`, and the first."""
        return replace(super().pretend(args, draw), text="1 likely")

    def _fill(self, texts: str) -> str:
        parts = self.wording.replace("{problem}", self.problem.prompt, 1).rpartition("{texts}")
        return parts[0] + texts + parts[2]


def numbered(candidates: Sequence[Candidate]) -> str:
    """The candidates' texts; several are numbered from 1."""
    texts = [candidate.text.strip() for candidate in candidates]
    if len(texts) == 1:
        return texts[0]
    return "\n\n".join(f"{place}.\n{text}" for place, text in enumerate(texts, 1))


def worth(reply: str) -> float | None:
    """The value that a reply ends on; None where it names none."""
    words = re.findall(r"\b(sure|likely|impossible)\b", reply.lower())
    return WORTH[words[-1]] if words else None


def vote(reply: str, among: int) -> int | None:
    """Position of the candidate that a reply ends on, from 0; None where it names none."""
    numbers = [int(found) for found in re.findall(r"\b\d{1,4}\b", reply)]
    named = [number - 1 for number in numbers if 1 <= number <= among]
    return named[-1] if named else None
