"""The model's own judgement of its draws: it names the best side by side, or marks each by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from msgspec import Struct

from tts.answers import Aggregate, aggregate, majority_vote
from tts.answers.fence import fenced
from tts.answers.verdict import choice, mark, step_marks
from tts.run import Node, Outcome, Run
from tts.strategies.base import StrategyBase, at_least
from tts.strategies.parts.conversation import asking, insisted, numbered, remark
from tts.strategies.parts.select import Choice, Judged, Select, chosen, most_voted
from tts.strategies.parts.thoughts import reasoning_steps
from tts.values import Candidate, Kept, Message, Problem, Score, Scored

CHOOSE = (
    "Which of these solutions is most likely right? Compare them step by step and end with a line "
    "such as: Judgment: 1"
)
CHOOSE_AGAIN = "Write only the line: Judgment: N (N is the number of the solution)."


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
            wording=f"{CHOOSE} {numbered([''] * len(group))}",
            **sampling,
        )
        return run.spawn(named, group, shown, reply, sampling)


def request(group: Sequence[Entrant], run: Run) -> tuple[Message, ...]:
    """The solutions of a group under numbers, and the question which is right."""
    shown = numbered([entrant.candidate.text for entrant in group])
    return asking(asking(run.task.render(run.problem), shown), CHOOSE)


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
        again=CHOOSE_AGAIN,
        of="select",
        **sampling,
    )
    return max(group, key=lambda one: one.votes) if place is None else group[place]


def judgment(verdict: str, size: int) -> int | None:
    """The position that a verdict names; None where it names none of them, or several."""
    return choice(verdict, size)


Of = Literal["result", "process"]
RATE: dict[Of, str] = {
    "result": (
        "How likely is the answer of this solution to be right? Check it and end with a line such "
        "as: Rating: 7 (0 is surely wrong, 10 surely right)."
    ),
    "process": (
        "Rate every step of this solution by itself, each on a line such as: Step 1: 7 (0 is "
        "surely wrong, 10 surely right)."
    ),
}
RATE_AGAIN: dict[Of, str] = {
    "result": "Write only the line: Rating: N (N is a number from 0 to 10).",
    "process": "Write only one line per step, such as: Step 1: N (N is a number from 0 to 10).",
}


class SelfEvaluation(StrategyBase):
    """Draw `n`, each marked by the model as it ends (Bag of Tricks, Liu et al. 2025).

    `of` `result` asks for one mark, `process` for one per step, aggregated. What cannot be read is
    no mark: unknown is not zero, and such a draw wins only where none is marked.
    """

    name = "self_evaluation"

    n: int = 8
    of: Of = "result"
    select: Choice = "best"
    aggregate: Aggregate = "min"
    judge_tokens: int | None = None
    """Most tokens of a mark; None: the run's max_tokens."""
    temperature: float = 0.0

    def check(self) -> None:
        at_least(1, n=self.n, judge_tokens=1 if self.judge_tokens is None else self.judge_tokens)
        if self.of not in RATE:
            raise ValueError(f"of is one of {', '.join(RATE)}, not {self.of!r}.")
        chosen("best", self.aggregate)

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        drafts = run.sample(problem, n=self.n)
        marked = await run.all([self._marked(run, draft) for draft in drafts])
        answer: Candidate | None = await run.call(self.selection(), marked, run)
        return answer

    def selection(self) -> Select:
        return chosen(self.select)

    def _marked(self, run: Run, draft: Node[Candidate]) -> Node[Judged]:
        """The node that will hold a draft with its mark."""
        steps = "Step 99: " * run.sampling.max_tokens if self.of == "process" else ""
        request = run.call(self._request, draft, run)
        reply = remark(
            run,
            request,
            of=f"rate-{self.of}",
            wording=f"Solution: {fenced('')} {RATE[self.of]} {steps}",
            **self._sampling(run),
        )
        node: Node[Judged] = run.spawn(self._judged, draft, request, reply)
        return node

    def _sampling(self, run: Run) -> dict[str, Any]:
        most = self.judge_tokens or run.sampling.max_tokens
        return {"max_tokens": most, "temperature": self.temperature}

    def _request(self, draft: Candidate, run: Run) -> tuple[Message, ...]:
        shown = asking(run.task.render(run.problem), f"Solution:\n{fenced(self._shown(draft))}")
        return asking(shown, RATE[self.of])

    async def _judged(
        self, draft: Candidate, request: tuple[Message, ...], reply: Outcome[str], run: Run
    ) -> Judged:
        steps = len(reasoning_steps(draft.text))
        score = await insisted(
            run,
            request,
            reply,
            lambda text: read_mark(text, self.of, self.aggregate, steps),
            again=RATE_AGAIN[self.of],
            of=f"rate-{self.of}",
            **self._sampling(run),
        )
        if score is None:
            return Kept(draft)
        run.kept.score(draft, score)
        return Scored(draft, score)

    def _shown(self, draft: Candidate) -> str:
        if self.of == "result":
            return draft.text.strip()
        steps = reasoning_steps(draft.text)
        return "\n\n".join(f"Step {i}: {step}" for i, step in enumerate(steps, 1))


def read_mark(text: str, of: Of, how: Aggregate, steps: int | None = None) -> Score | None:
    """The score that a reply states; None where it states none, or one out of range.

    Of a process every one of the `steps` has its mark; without them, as many as are named.
    """
    if of == "result":
        found = mark(text)
        return None if found is None else Score(value=found)
    marks = step_marks(text, steps)
    return Score(value=aggregate(marks, how), steps=marks) if marks else None
