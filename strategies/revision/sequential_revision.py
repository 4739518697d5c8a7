"""Sequential revision: chains of attempts, each with the earlier ones in view."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from tts.run import Node, Run
from tts.strategies.base import StrategyBase, at_least
from tts.strategies.parts.conversation import ConversationCall, asking, replying
from tts.strategies.parts.select import Choice, Judged, Select, chosen, with_verdict
from tts.values import Candidate, Message, Problem

AGAIN = "That may be wrong. Solve the problem again, in full and in the same form."
Pool = Literal["auto", "chains", "flat"]


class SequentialRevision(StrategyBase):
    """`chains` parallel chains of `length` attempts (Snell et al. 2024, section 6).

    Each attempt sees up to `context` earlier ones of its chain. The answer is chosen with a
    verifier in each chain and then over the chains' winners (`chains`), or over all attempts at
    once (`flat`); `auto` is the paper's: a majority needs them all, a verifier works by chains.
    """

    name = "sequential_revision"
    bounded = True

    chains: int = 4
    length: int = 4
    context: int = 4
    select: Choice = "weighted"
    pool: Pool = "auto"

    def check(self) -> None:
        at_least(1, chains=self.chains, length=self.length, context=self.context)
        if self.pool not in ("auto", "chains", "flat"):
            raise ValueError(f"pool is auto, chains or flat, not {self.pool!r}.")

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        revision = ConversationCall(run, wording=f"{AGAIN}\n\n" * self.context)
        firsts = run.sample(problem, n=self.chains)
        chains = [self._chain(run, first, revision) for first in firsts]
        scored = self.select != "majority"
        kept = [
            run.all([with_verdict(run, attempt, scored=scored) for attempt in chain])
            for chain in chains
        ]
        answer: Candidate | None = await run.call(self._choose, await run.all(kept), run)
        return answer

    def selection(self) -> Select:
        return chosen(self.select)

    def _chain(
        self, run: Run, first: Node[Candidate], revision: ConversationCall
    ) -> list[Node[Candidate]]:
        """The attempts of one chain; a failed one ends it, and what came before stays."""
        attempts = [first]
        while len(attempts) < self.length:
            turns = run.call(conversation, attempts[-self.context :], run)
            attempts.append(run.call(revision, turns, run.sampling, "end"))
        return attempts

    async def _choose(self, chains: Sequence[list[Judged]], run: Run) -> Candidate | None:
        everything = [entry for chain in chains for entry in chain]
        if self.pool == "flat" or (self.pool == "auto" and self.select == "majority"):
            return await self.selection()(everything, run)
        winners = [await self.selection()(chain, run) for chain in chains]
        keys = {winner.key for winner in winners if winner is not None}
        return await self.selection()([e for e in everything if e.candidate.key in keys], run)


def conversation(attempts: Sequence[Candidate], run: Run) -> tuple[Message, ...]:
    """The problem and earlier attempts at it, oldest first, each followed by a doubt."""
    turns = run.task.render(run.problem)
    for attempt in attempts:
        turns = asking(replying(turns, attempt.text), AGAIN)
    return turns
