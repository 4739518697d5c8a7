"""Tree of Thoughts: a model proposes steps and judges them itself."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal, TypeVar

from msgspec.structs import replace

from tts.answers.fence import fenced
from tts.answers.verdict import choice, plain
from tts.protocols import Draw
from tts.run import Node, Outcome, Prompt, Run, Until
from tts.strategies.base import StrategyBase, at_least
from tts.strategies.parts.conversation import Remark, insisted
from tts.strategies.parts.expand import (
    affordable_width,
    distinct,
    largest_remainder,
    rounds,
    until_at,
)
from tts.strategies.parts.select import Choice, Judged, Select, chosen, highest_scored
from tts.values import Candidate, Kept, Message, Problem, Score, Scored

Judging = Literal["value", "vote"]
"""Each thought alone, or all against each other."""

Order = Literal["bfs", "dfs"]


T = TypeVar("T")


class TreeOfThoughts(StrategyBase):
    """Breadth- or depth-first search over steps that the generator itself judges (Yao et al. 2023).

    A judgement is the mean of `votes` replies: how promising one beginning is (`value`), or which
    of them all is the best (`vote`). No verifier is used. A reply that cannot be read is asked for
    once more where no budget caps the run, and then counts for nothing; a thought without any
    judgement goes behind the judged ones.
    """

    name = "tree_of_thoughts"
    stepwise = True
    reads = False

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

    async def _breadth_first(self, problem: Problem, run: Run) -> list[Judged]:
        live: list[Problem | Candidate] = [problem]
        done: list[Judged] = []
        for until in rounds(self.rounds):
            width = affordable_width(run, self.n, 1 + self.votes)
            live = live[: max(1, width // self.branching)]
            shares = largest_remainder([1.0] * len(live), width)
            thoughts = [
                thought
                for state, share in zip(live, shares, strict=True)
                for thought in self._think(run, state, share, until)
            ]
            found = await judged(run, thoughts, self.judging, self.votes)
            done += [one for one in found if one.candidate.final]
            unfinished = [one for one in found if not one.candidate.final]
            live = list(most_promising(unfinished, self.n // self.branching))
            if not live or len(done) >= self.n:
                break
        return done

    async def _depth_first(self, problem: Problem, run: Run) -> list[Judged]:
        stack: list[tuple[int, Problem | Candidate]] = [(1, problem)]
        done: list[Judged] = []
        for _ in range(self.rounds * self.n // self.branching):
            if not stack:
                break
            depth, state = stack.pop()
            width = affordable_width(run, self.branching, 1 + self.votes)
            thoughts = self._think(run, state, width, until_at(depth, self.rounds))
            found = await judged(run, thoughts, self.judging, self.votes)
            ended = [one for one in found if one.candidate.final]
            done += ended
            if any(reaches(one, self.threshold, unjudged=False) for one in ended):
                break
            hopeful = [
                one
                for one in found
                if not one.candidate.final and reaches(one, self.threshold, unjudged=True)
            ]
            if depth < self.rounds:
                best_first = most_promising(hopeful, len(hopeful))
                stack += [(depth + 1, one) for one in reversed(best_first)]
        return done

    def _think(
        self, run: Run, state: Problem | Candidate, n: int, until: Until
    ) -> list[Node[Candidate]]:
        drafts = run.sample(state, n=n, until=until)
        return [run.call(distinct, draft, drafts[:i]) for i, draft in enumerate(drafts)]


async def judged(
    run: Run, thoughts: Sequence[Node[Candidate]], judging: Judging, votes: int
) -> list[Judged]:
    """The thoughts that were drawn; each is judged by `votes` replies as soon as it can be, and has
    no score where none of them can be read."""
    ask = run.sampling
    if judging == "value":
        opinion = Opinion(run, wording=VALUE, of="value")
        asked = [
            run.spawn(
                valued, opinion, one, [run.call(opinion, [one], ask, "end") for _ in range(votes)]
            )
            for one in thoughts
        ]
        return list(await run.all(asked))
    drawn = list(await run.all(thoughts))
    if not drawn:
        return []
    opinion = Opinion(run, wording=VOTE, of="vote")
    ballots = [run.call(opinion, drawn, ask, "end") for _ in range(votes)]
    found: list[Judged] = await run.spawn(elected, opinion, drawn, ballots)
    return found


async def valued(
    opinion: Opinion, thought: Candidate, replies: Sequence[Outcome[str]], run: Run
) -> Judged:
    """A thought with the mean worth of what was said of it; unscored where nothing can be read."""
    found = await _read(opinion, [thought], replies, worth, VALUE_AGAIN, run)
    return Scored(thought, Score(value=sum(found) / len(found))) if found else Kept(thought)


async def elected(
    opinion: Opinion, thoughts: Sequence[Candidate], replies: Sequence[Outcome[str]], run: Run
) -> list[Judged]:
    """The thoughts with their shares of the votes; unscored where no vote can be read."""
    named = partial(choice, among=len(thoughts))
    votes = await _read(opinion, thoughts, replies, named, VOTE_AGAIN, run)
    if not votes:
        return [Kept(thought) for thought in thoughts]
    counts = Counter(votes)
    return [
        Scored(thought, Score(value=counts[place] / len(votes)))
        for place, thought in enumerate(thoughts)
    ]


async def _read(
    opinion: Opinion,
    shown: Sequence[Candidate],
    replies: Sequence[Outcome[str]],
    read: Callable[[str], T | None],
    again: str,
    run: Run,
) -> list[T]:
    """What can be read of the replies, each asked for once more in a child Run of its own."""
    asked = [run.spawn(_verdict, opinion, shown, reply, read, again) for reply in replies]
    return [found for (found,) in await run.all(asked) if found is not None]


async def _verdict(
    opinion: Opinion,
    shown: Sequence[Candidate],
    reply: Outcome[str],
    read: Callable[[str], T | None],
    again: str,
    run: Run,
) -> tuple[T | None]:
    request = opinion.messages(shown)
    return (await insisted(run, request, reply, read, again=again, of=opinion.of),)


def most_promising(thoughts: Sequence[Judged], k: int) -> list[Candidate]:
    """The `k` best judged, best first; behind them, in their order, those without a judgement."""
    scored = [one for one in thoughts if isinstance(one, Scored)]
    unjudged = [one.candidate for one in thoughts if not isinstance(one, Scored)]
    return [*(one.candidate for one in highest_scored(scored, k)), *unjudged][:k]


def reaches(one: Judged, threshold: float, *, unjudged: bool) -> bool:
    """Whether a judgement is at least so high; `unjudged` stands for one that is missing."""
    return unjudged if one.score is None else one.score.value >= threshold


VALUE = (
    "Problem:\n{problem}\n\nBeginning of a solution:\n{texts}\n\nCheck it. Can it still lead to "
    "the right answer? Put one word on the last line: sure, likely or impossible."
)
VOTE = (
    "Problem:\n{problem}\n\nBeginnings of solutions:\n\n{texts}\n\nCompare them, then put the "
    "number of the most promising one alone on the last line."
)
VALUE_AGAIN = "Write only one word: sure, likely or impossible."
VOTE_AGAIN = "Write only the number of the most promising one."
WORTH = {"sure": 1.0, "likely": 0.05, "impossible": 0.00005}
"""20 : 1 : 0.001 as in the code of Yao et al. 2023, scaled to at most 1."""


class Opinion(Remark):
    """A remark on candidates; arguments of a call: (candidates, sampling, until)."""

    def __init__(self, run: Run, *, wording: str, of: str) -> None:
        super().__init__(run, of=of, role="judge")
        self.of, self.wording = of, wording

    def messages(self, source: Any) -> tuple[Message, ...]:
        """One user turn that shows the candidates, each fenced, numbered where there are several."""
        return (Message("user", self._fill(listed([one.text for one in source]))),)

    def foreseen(self, args: tuple[Any, ...]) -> Prompt:
        return (Message("user", self._fill(listed([""] * len(args[0])))),), ""

    def pretend(self, args: tuple[Any, ...], draw: Draw) -> Any:
        """As costly as any, and at worst it cannot be read."""
        return replace(super().pretend(args, draw), text="")

    def _fill(self, texts: str) -> str:
        parts = self.wording.replace("{problem}", self.problem.prompt, 1).rpartition("{texts}")
        return parts[0] + texts + parts[2]


def listed(texts: Sequence[str]) -> str:
    """Texts, each fenced; several are numbered from 1."""
    shown = [fenced(text.strip()) for text in texts]
    if len(shown) == 1:
        return shown[0]
    return "\n\n".join(f"{place}.\n{text}" for place, text in enumerate(shown, 1))


_UNSAID = re.compile(
    r"(?:\b(?:not|never|hardly|less|neither|nor|cannot|be|make|making|for)|n['’]?t)"
    r"(?:\s+(?:at|all|so|very|quite|entirely|completely|really))*\s+(?:sure|likely|impossible)\b"
)


def worth(reply: str) -> float | None:
    """The value that the last line of a reply names; None where it names none, several, or denies
    one: `not sure` is not `sure`."""
    last = plain(reply).lower().splitlines()[-1:]
    words = {word for line in last for word in re.findall(r"\b(sure|likely|impossible)\b", line)}
    if len(words) != 1 or _UNSAID.search(last[0]):
        return None
    return WORTH[words.pop()]
