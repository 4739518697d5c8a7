"""Solutions written anew: with the earlier attempts in view, or after a criticism by their own model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from tts.run import Node, Run
from tts.strategies.base import StrategyBase, at_least
from tts.strategies.parts.conversation import ConversationCall, asking, criticism, remark, replying
from tts.strategies.parts.select import Choice, Judged, Select, chosen, last_answered, with_verdict
from tts.values import Candidate, Message, Problem

AGAIN = "That may be wrong. Solve the problem again, in full and in the same form."
Pool = Literal["auto", "chains", "flat"]
FEEDBACK = (
    "Check the solution above step by step. If all of it is right, reply with the line NO ERROR "
    "alone. Otherwise name the first wrong step and say what is wrong with it. Do not solve the "
    "problem again."
)
REVISE = "Write the whole solution again without this mistake, in the same form as before."
APPROVED = re.compile(r"^\W*no errors?\W*$", re.IGNORECASE | re.MULTILINE)


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


class SelfRefine(StrategyBase):
    """Feedback and revision in turn, until the feedback finds nothing (Madaan et al. 2023).

    `select` `last` is the paper's; without a verifier a revision may lose a right answer, so the
    others choose among the draft and all revisions. A failed call, and feedback that says nothing,
    end the rounds.
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
            feedback = await criticism(run, remark(run, asked, of="feedback"), of="feedback")
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
