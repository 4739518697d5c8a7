"""Selection by the model itself: it reads solutions side by side and names the best."""

from __future__ import annotations

import re
from typing import Any

from tts.graph import Node
from tts.run import Run
from tts.strategies.at_least import at_least
from tts.strategies.conversation import asking
from tts.strategies.critique_and_fuse import numbered
from tts.strategies.finishing import finish
from tts.strategies.remark import remark, said
from tts.strategies.selection import most_voted
from tts.values import Candidate, Kept, Problem
from tts.voting.ballots import is_finished

ASK = (
    "Which of these solutions is most likely right? Compare them step by step and end with a line "
    "such as: Judgment: 1"
)
_JUDGMENT = re.compile(r"Judge?ment:\s*\**\s*(?:Solution\s*)?(\d+)", re.IGNORECASE)


class LLMSelection:
    """Draw `n`, then let the model choose in groups until one is left.

    `group` n is one listwise question (GenSelect, Toshniwal et al. 2025), `group` 2 a knock-out
    tournament in which a match starts when its two entrants are known. Places are shuffled, since
    judges favour some of them. A verdict that failed or cannot be read leaves the group's most
    frequent answer.
    """

    name = "llm_selection"

    def __init__(
        self,
        *,
        n: int = 8,
        group: int = 8,
        judge_tokens: int | None = None,
        temperature: float = 0.0,
    ) -> None:
        """`judge_tokens`: most tokens of a verdict; None: the run's max_tokens."""
        at_least(1, n=n, judge_tokens=1 if judge_tokens is None else judge_tokens)
        at_least(2, group=group)
        if temperature < 0:
            raise ValueError(f"temperature is not negative, {temperature}.")
        self.n, self.group = n, group
        self.judge_tokens, self.temperature = judge_tokens, temperature

    @property
    def parameters(self) -> dict[str, Any]:
        told = {"n": self.n, "group": self.group}
        return {**told, "judge_tokens": self.judge_tokens, "temperature": self.temperature}

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        drafts = await run.all(run.sample(problem, n=self.n))
        fit = [draft for draft in drafts if is_finished(draft) and draft.answer is not None]
        entrants: list[Any] = [fit[i] for i in run.rng.permutation(len(fit))]
        if not entrants:
            return await self.finish(problem, run)
        while len(entrants) > 1:
            starts = range(0, len(entrants), self.group)
            groups = [entrants[start : start + self.group] for start in starts]
            entrants = [self._match(run, group) for group in groups]
        [best] = entrants
        winner: Candidate = await best if isinstance(best, Node) else best
        return winner

    async def finish(self, problem: Problem, run: Run) -> Candidate | None:
        return await finish(problem, run, most_voted)

    def _match(self, run: Run, group: list[Any]) -> Any:
        return run.spawn(self._judge, group) if len(group) > 1 else group[0]

    async def _judge(self, group: list[Candidate], *, run: Run) -> Candidate | None:
        """The best of a group; answers that all agree need no judge."""
        equal = await run.equivalence.groups([draft.answer or "" for draft in group])
        if len(equal) == 1:
            return group[0]
        most = self.judge_tokens or run.settings.sampling.max_tokens
        shown = asking(asking(run.task.render(run.problem), numbered(group)), ASK)
        reply = remark(run, shown, of="select", max_tokens=most, temperature=self.temperature)
        place = judgment(await said(run, reply) or "", len(group))
        if place is not None:
            return group[place]
        return await most_voted([Kept(draft) for draft in group], run)


def judgment(verdict: str, size: int) -> int | None:
    """The position that a verdict names last; None where it names none of them."""
    named = [int(number) - 1 for number in _JUDGMENT.findall(verdict)]
    return named[-1] if named and 0 <= named[-1] < size else None
