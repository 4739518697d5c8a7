"""Best-of-N by the model's own marks, for the result or step by step."""

from __future__ import annotations

from typing import Any, Literal

from tts.answers import Aggregate, aggregate
from tts.answers.verdict import mark, step_marks
from tts.run import Node, Outcome, Run
from tts.strategies.base import StrategyBase, at_least
from tts.strategies.parts.conversation import asking, insisted, remark
from tts.strategies.parts.select import Choice, Judged, Select, chosen
from tts.strategies.parts.thoughts import reasoning_steps
from tts.values import Candidate, Kept, Message, Problem, Score, Scored

Of = Literal["result", "process"]
ASK: dict[Of, str] = {
    "result": (
        "How likely is the answer of this solution to be right? Check it and end with a line such "
        "as: Rating: 7 (0 is surely wrong, 10 surely right)."
    ),
    "process": (
        "Rate every step of this solution by itself, each on a line such as: Step 1: 7 (0 is "
        "surely wrong, 10 surely right)."
    ),
}
AGAIN: dict[Of, str] = {
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
        if self.of not in ASK:
            raise ValueError(f"of is one of {', '.join(ASK)}, not {self.of!r}.")
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
            wording=f"Solution: {ASK[self.of]} {steps}",
            **self._sampling(run),
        )
        node: Node[Judged] = run.spawn(self._judged, draft, request, reply)
        return node

    def _sampling(self, run: Run) -> dict[str, Any]:
        most = self.judge_tokens or run.sampling.max_tokens
        return {"max_tokens": most, "temperature": self.temperature}

    def _request(self, draft: Candidate, run: Run) -> tuple[Message, ...]:
        shown = asking(run.task.render(run.problem), f"Solution:\n{self._shown(draft)}")
        return asking(shown, ASK[self.of])

    async def _judged(
        self, draft: Candidate, request: tuple[Message, ...], reply: Outcome[str], run: Run
    ) -> Judged:
        steps = len(reasoning_steps(draft.text))
        score = await insisted(
            run,
            request,
            reply,
            lambda text: read_mark(text, self.of, self.aggregate, steps),
            again=AGAIN[self.of],
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
