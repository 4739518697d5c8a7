"""Selection by the model itself: it reads solutions side by side and names the best."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from tts.answers import majority_vote
from tts.answers.verdict import choice
from tts.run import Node, Outcome, Run
from tts.strategies.base import StrategyBase, at_least
from tts.strategies.parts.conversation import asking, insisted, numbered, remark
from tts.strategies.parts.select import Select, most_voted
from tts.values import Candidate, Message, Problem

ASK = (
    "Which of these solutions is most likely right? Compare them step by step and end with a line "
    "such as: Judgment: 1"
)
AGAIN = "Write only the line: Judgment: N (N is the number of the solution)."


class Entrant(Struct, frozen=True):
    """A solution that speaks for all draws with its answer."""

    candidate: Candidate
    votes: int


class LLMSelection(StrategyBase):
    """Draw `n`, then let the model choose among the different answers until one is left.

    `group` n is one listwise question (GenSelect, Toshniwal et al. 2025), `group` 2 a knock-out
    tournament in which a match starts when its two entrants are known. Places are shuffled, since
    judges favour some of them. A verdict that failed or cannot be read leaves the group's most
    frequent answer.
    """

    name = "llm_selection"

    n: int = 8
    group: int = 8
    judge_tokens: int | None = None
    """Most tokens of a verdict; None: the run's max_tokens."""
    temperature: float = 0.0

    def check(self) -> None:
        at_least(1, n=self.n, judge_tokens=1 if self.judge_tokens is None else self.judge_tokens)
        at_least(2, group=self.group)
        if self.temperature < 0:
            raise ValueError(f"temperature is not negative, {self.temperature}.")

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        drafts = await run.all(run.sample(problem, n=self.n))
        vote = await majority_vote(drafts, run.equivalence)
        fit = [Entrant(drafts[one.representative], one.count) for one in vote.classes]
        entrants: list[Any] = [fit[i] for i in run.rng.permutation(len(fit))]
        if not entrants:
            return await self.finish(problem, run)
        while len(entrants) > 1:
            starts = range(0, len(entrants), self.group)
            entrants = [self._match(run, entrants[i : i + self.group]) for i in starts]
        winner: Entrant = await entrants[0] if isinstance(entrants[0], Node) else entrants[0]
        return winner.candidate

    def selection(self) -> Select:
        return most_voted

    def _match(self, run: Run, group: list[Any]) -> Any:
        """The winner of a group, or the node that will hold it."""
        if len(group) == 1:
            return group[0]
        sampling: dict[str, Any] = {
            "max_tokens": self.judge_tokens or run.sampling.max_tokens,
            "temperature": self.temperature,
        }
        shown = run.call(request, group, run)
        reply = remark(
            run,
            shown,
            of="select",
            wording=f"{ASK} {'Solution 99: ' * len(group)}",
            **sampling,
        )
        return run.spawn(named, group, shown, reply, sampling)


def request(group: Sequence[Entrant], run: Run) -> tuple[Message, ...]:
    """The solutions of a group under numbers, and the question which is right."""
    shown = numbered([entrant.candidate for entrant in group])
    return asking(asking(run.task.render(run.problem), shown), ASK)


async def named(
    group: Sequence[Entrant],
    shown: tuple[Message, ...],
    reply: Outcome[str],
    sampling: dict[str, Any],
    run: Run,
) -> Entrant:
    """The entrant that a verdict names, else the one with most votes."""
    place = await insisted(
        run,
        shown,
        reply,
        lambda text: judgment(text, len(group)),
        again=AGAIN,
        of="select",
        **sampling,
    )
    return max(group, key=lambda one: one.votes) if place is None else group[place]


def judgment(verdict: str, size: int) -> int | None:
    """The position that a verdict names; None where it names none of them, or several."""
    return choice(verdict, size)
