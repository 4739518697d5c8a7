"""Plan, then solve: several approaches, and an equal part of the draws for each."""

from __future__ import annotations

import re
from typing import Any

from tts.run import Run
from tts.strategies.at_least import at_least
from tts.strategies.parts.conversation import asking, remark, said
from tts.strategies.parts.finish import finish
from tts.strategies.parts.select import Choice, chosen, judged
from tts.strategies.parts.width import largest_remainder
from tts.values import Candidate, Kept, Problem

ASK = (
    "Do not solve the problem yet. List {plans} different approaches to it, one sentence each, as "
    "a numbered list."
)
FOLLOW = "Solve the problem with this approach, unless it turns out to be wrong:"
_ITEM = re.compile(r"^\s*\d+[.):]\s*(.+?)\s*$", re.MULTILINE)


class PlanThenSolve:
    """One call names up to `plans` approaches; `n` draws follow them in equal parts.

    Choosing among approaches before drawing solutions keeps the draws different, as PlanSearch
    (Wang et al. 2024) does for code. A plan that failed or cannot be read leaves plain sampling.
    """

    name = "plan_then_solve"

    def __init__(
        self,
        *,
        n: int = 12,
        plans: int = 3,
        plan_tokens: int | None = None,
        select: Choice = "majority",
    ) -> None:
        """`plan_tokens`: most tokens of the plan; None: the run's max_tokens."""
        at_least(1, n=n, plans=plans, plan_tokens=1 if plan_tokens is None else plan_tokens)
        if plans > n:
            raise ValueError(f"plans ({plans}) are at most n ({n}).")
        self.n, self.plans, self.plan_tokens = n, plans, plan_tokens
        self.choice, self.select = select, chosen(select)

    @property
    def parameters(self) -> dict[str, Any]:
        told = {"n": self.n, "plans": self.plans}
        return {**told, "plan_tokens": self.plan_tokens, "select": self.choice}

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        prompt = run.task.render(problem)
        ask = ASK.replace("{plans}", str(self.plans))
        most = self.plan_tokens or run.settings.sampling.max_tokens
        reply = remark(run, asking(prompt, ask), of="plan", role="plan", max_tokens=most)
        approaches = _ITEM.findall(await said(run, reply) or "")[: self.plans]
        sources = [asking(prompt, f"{FOLLOW} {text}") for text in approaches] or [prompt]
        shares = largest_remainder([1.0] * len(sources), self.n)
        pairs = zip(sources, shares, strict=True)
        drafts = [draft for source, share in pairs for draft in run.sample(source, n=share)]
        kept = [self._judged(run, draft) for draft in drafts]
        answer: Candidate | None = await run.call(self.select, await run.all(kept), run)
        return answer

    async def finish(self, problem: Problem, run: Run) -> Candidate | None:
        return await finish(problem, run, self.select)

    def _judged(self, run: Run, draft: Any) -> Any:
        if self.choice == "majority":
            return run.call(Kept, draft)
        return run.call(judged, draft, run.score(draft))
