"""GenPRM: a model that argues about every step before it judges it."""

from __future__ import annotations

from collections.abc import Awaitable as Awaited
from collections.abc import Callable
from typing import Any, NamedTuple, cast

from msgspec.structs import replace

from tts.answers import Aggregate, aggregate
from tts.errors import BadReply
from tts.graph import Outcome
from tts.protocols import Awaitable, Generator, Verbs
from tts.values import Candidate, Sampling, Score
from tts.verifiers.asking import Spawning, ended
from tts.verifiers.critique import Critique, Critiquing, Question

Execute = Callable[[str], Awaited[str]]
"""Runs a Python program in a sandbox and returns what it printed."""


class Judged(NamedTuple):
    """A critique with its verdict."""

    text: str
    score: float


class GenPRM:
    """One judgement per step, each with the earlier ones before it (Zhao et al. 2025, GenPRM).

    The model may write a Python program to check a step; with `execute` it is run and the model
    goes on with its output, without it the judgement rests on the argument alone. A step's score
    is P(Yes) at the verdict, the mean of `votes` chains.
    """

    def __init__(
        self,
        generator: Generator,
        *,
        execute: Execute | None = None,
        votes: int = 1,
        max_tokens: int = 2048,
        aggregate: Aggregate = "min",
    ) -> None:
        self._generator, self._execute, self._votes = generator, execute, votes
        self._aggregate: Aggregate = aggregate
        sampling = Sampling(
            temperature=0.6, top_p=0.95, top_k=20, max_tokens=max_tokens, logprobs=20
        )
        self._critique = Critiquing(generator, sampling=sampling, checks=execute is not None)
        self.name = f"gen-prm:{generator.model.name}"

    @property
    def identity(self) -> Any:
        model = self._generator.model
        return {
            "model": model.name,
            "revision": model.revision,
            "votes": self._votes,
            "aggregate": self._aggregate,
            "executes": self._execute is not None,
        }

    def score(self, candidate: Candidate | Awaitable[Candidate], run: Verbs) -> Awaitable[Score]:
        """A child run per candidate, since only its text tells how many calls it takes."""
        node: Awaitable[Score] = cast(Spawning, run).spawn(self._judge, candidate)
        return node

    async def close(self) -> None:
        await self._generator.close()

    async def _judge(self, candidate: Candidate, run: Any) -> Score:
        chains = [run.spawn(self._chain, candidate) for _ in range(self._votes)]
        votes = await run.all(chains)
        if not votes:
            raise votes.failed[0][1]
        steps = tuple(sum(marks) / len(votes) for marks in zip(*votes, strict=True))
        return Score(value=aggregate(steps, self._aggregate) if steps else 0.0, steps=steps)

    async def _chain(self, candidate: Candidate, run: Any) -> list[float]:
        earlier: tuple[str, ...] = ()
        scores: list[float] = []
        for number in range(len(candidate.steps)):
            judged = await self._one(candidate, number, earlier, run)
            earlier = (*earlier, judged.text)
            scores.append(judged.score)
        return scores

    async def _one(
        self, candidate: Candidate, number: int, earlier: tuple[str, ...], run: Any
    ) -> Judged:
        """The judgement of one step; where it cannot be read, the verdict is asked for once more."""
        question = Question(candidate, number, earlier)
        critique: Critique = await run.call(self._critique, question)
        if critique.program is not None and self._execute is not None:
            output = await run.call(self._execute, critique.program)
            told = f"{critique.text}\n[Code Output: {output}]\n"
            question = replace(question, begun=told)
            critique = await run.call(self._critique, question)
        if critique.score is not None:
            return Judged(critique.text, critique.score)
        if run.account.capped:
            raise BadReply("The critique ends without a verdict.")
        unread = replace(question, begun="", unread=critique.text or "No verdict.")
        again: Outcome[Critique] = await run.call(ended, run.call(self._critique, unread))
        if again.value is None or again.value.score is None:
            raise BadReply("The critique ends without a verdict.") from again.error
        return Judged(critique.text, again.value.score)
