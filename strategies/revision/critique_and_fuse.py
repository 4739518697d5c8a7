"""Critique and fuse: several drafts become one solution."""

from __future__ import annotations

from collections.abc import Sequence

from tts.answers.vote import is_finished
from tts.run import Run
from tts.strategies.base import StrategyBase, at_least
from tts.strategies.parts.conversation import asking, criticism, numbered, remark, replying
from tts.strategies.parts.select import Select, most_voted
from tts.values import Candidate, Message, Problem

CRITIQUE = (
    "Compare the solutions above. Name the steps in which they differ, and say which of them are "
    "right and which are wrong. Do not solve the problem."
)
FUSE = (
    "Write one complete solution in the usual form. Use what is right in the solutions above; any "
    "of them may be wrong."
)


class CritiqueAndFuse(StrategyBase):
    """Mixture of agents (Wang et al. 2024): drafts, a critique of all of them, one fused solution.

    Drafts take turns over all of the engine's models; the first one criticises and fuses. With
    more `layers` each fuses `n` new drafts from those before. Where the last solution has no
    answer, or its call fails, the drafts vote.
    """

    name = "critique_and_fuse"

    n: int = 3
    layers: int = 1
    critique_tokens: int | None = 512
    """Most tokens of a critique; None: fuse without one."""
    temperature: float = 0.1

    def check(self) -> None:
        at_least(1, n=self.n, layers=self.layers)
        at_least(1, critique_tokens=1 if self.critique_tokens is None else self.critique_tokens)
        if self.temperature < 0:
            raise ValueError(f"temperature is not negative, {self.temperature}.")

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        models = run.models
        nodes = [run.sample(problem, model=models[i % len(models)])[0] for i in range(self.n)]
        drafts = list(await run.all(nodes))
        for layer in range(1, self.layers + 1):
            if not drafts:
                break
            asked = await self._request(drafts, run)
            last = layer == self.layers
            drafts = list(await run.all(run.sample(asked, n=1 if last else self.n)))
        fused = next((d for d in drafts if is_finished(d) and d.answer is not None), None)
        return fused or await self.finish(problem, run)

    def selection(self) -> Select:
        return most_voted

    async def _request(self, drafts: Sequence[Candidate], run: Run) -> tuple[Message, ...]:
        """The conversation that the fused solution is drawn from."""
        shown = asking(run.task.render(run.problem), numbered([draft.text for draft in drafts]))
        if self.critique_tokens is None:
            return asking(shown, FUSE)
        asked = asking(shown, CRITIQUE)
        reply = remark(
            run,
            asked,
            of="critique",
            max_tokens=self.critique_tokens,
            temperature=self.temperature,
        )
        critique = await criticism(run, reply, of="critique")
        return asking(shown, FUSE) if critique is None else asking(replying(asked, critique), FUSE)
