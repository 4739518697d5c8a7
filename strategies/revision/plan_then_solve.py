"""Plan, then solve: several approaches, and an equal part of the draws for each."""

from __future__ import annotations

import re

from tts.run import Run
from tts.strategies.base import StrategyBase, at_least
from tts.strategies.parts.conversation import asking, remark, said
from tts.strategies.parts.expand import largest_remainder
from tts.strategies.parts.select import Choice, Select, chosen, with_verdict
from tts.values import Candidate, Problem

ASK = (
    "Do not solve the problem yet. List {plans} different approaches to it, one sentence each, as "
    "a numbered list."
)
FOLLOW = "Solve the problem with this approach, unless it turns out to be wrong:"
_ITEM = re.compile(r"^\s*\d+[.):]\s*(.+?)\s*$", re.MULTILINE)


class PlanThenSolve(StrategyBase):
    """One call names up to `plans` approaches; `n` draws follow them in equal parts.

    Choosing among approaches before drawing solutions keeps the draws different, as PlanSearch
    (Wang et al. 2024) does for code. A plan that failed or cannot be read leaves plain sampling.
    """

    name = "plan_then_solve"

    n: int = 12
    plans: int = 3
    plan_tokens: int | None = None
    """Most tokens of the plan; None: the run's max_tokens."""
    select: Choice = "majority"

    def check(self) -> None:
        at_least(1, n=self.n, plans=self.plans)
        at_least(1, plan_tokens=1 if self.plan_tokens is None else self.plan_tokens)
        if self.plans > self.n:
            raise ValueError(f"plans ({self.plans}) are at most n ({self.n}).")

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        prompt = run.task.render(problem)
        ask = ASK.replace("{plans}", str(self.plans))
        most = self.plan_tokens or run.sampling.max_tokens
        reply = remark(run, asking(prompt, ask), of="plan", role="plan", max_tokens=most)
        approaches = _ITEM.findall(await said(run, reply) or "")[: self.plans]
        sources = [asking(prompt, f"{FOLLOW} {text}") for text in approaches] or [prompt]
        shares = largest_remainder([1.0] * len(sources), self.n)
        pairs = zip(sources, shares, strict=True)
        drafts = [draft for source, share in pairs for draft in run.sample(source, n=share)]
        scored = self.select != "majority"
        kept = [with_verdict(run, draft, scored=scored) for draft in drafts]
        answer: Candidate | None = await run.call(self.selection(), await run.all(kept), run)
        return answer

    def selection(self) -> Select:
        return chosen(self.select)
