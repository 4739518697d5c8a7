"""Self-refine: a model criticises its own solution and writes it anew."""

from __future__ import annotations

import re
from typing import Literal

from tts.run import Run
from tts.strategies.base import StrategyBase, at_least
from tts.strategies.parts.conversation import asking, remark, replying, said
from tts.strategies.parts.select import Choice, Select, chosen, last_answered, with_verdict
from tts.values import Candidate, Problem

FEEDBACK = (
    "Check the solution above step by step. If all of it is right, reply with the line NO ERROR "
    "alone. Otherwise name the first wrong step and say what is wrong with it. Do not solve the "
    "problem again."
)
REVISE = "Write the whole solution again without this mistake, in the same form as before."
APPROVED = re.compile(r"^\W*no errors?\W*$", re.IGNORECASE | re.MULTILINE)


class SelfRefine(StrategyBase):
    """Feedback and revision in turn, until the feedback finds nothing (Madaan et al. 2023).

    `select` `last` is the paper's; without a verifier a revision may lose a right answer, so the
    others choose among the draft and all revisions. A failed call ends the rounds.
    """

    name = "self_refine"

    rounds: int = 3
    select: Literal["last"] | Choice = "last"

    def check(self) -> None:
        at_least(1, rounds=self.rounds)

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        scored = self.select not in ("last", "majority")
        [draft] = run.sample(problem)
        solution: Candidate = await draft
        turns = replying(run.task.render(problem), solution.text)
        kept = [with_verdict(run, solution, scored=scored)]
        for _ in range(self.rounds):
            asked = asking(turns, FEEDBACK)
            feedback = await said(run, remark(run, asked, of="feedback"))
            if feedback is None or APPROVED.search(feedback):
                break
            request = asking(replying(asked, feedback), REVISE)
            revisions = await run.all(run.sample(request))
            if not revisions:
                break
            [solution] = revisions
            turns = replying(request, solution.text)
            kept.append(with_verdict(run, solution, scored=scored))
        answer: Candidate | None = await run.call(self.selection(), await run.all(kept), run)
        return answer

    def selection(self) -> Select:
        return last_answered if self.select == "last" else chosen(self.select)
