"""GenPRM: a model that argues about every step before it judges it."""

from __future__ import annotations

from collections.abc import Awaitable as Awaited
from collections.abc import Callable
from typing import Any, Protocol, cast

from tts.protocols import Awaitable, Generator, Verbs
from tts.values import Candidate, Sampling, Score
from tts.verifiers.critique import Critique, Critiquing, Question
from tts.voting import Aggregate, aggregate

Execute = Callable[[str], Awaited[str]]
"""Runs a Python program in a sandbox and returns what it printed."""


class Spawning(Verbs, Protocol):
    """The verb that a verifier of many calls needs beside `call`."""

    def spawn(self, coroutine: Callable[..., Any], *args: Any) -> Any: ...


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
        votes = [await chain for chain in chains]
        steps = tuple(sum(marks) / len(votes) for marks in zip(*votes, strict=True))
        return Score(value=aggregate(steps, self._aggregate) if steps else 0.0, steps=steps)

    async def _chain(self, candidate: Candidate, run: Any) -> list[float]:
        earlier: tuple[str, ...] = ()
        scores: list[float] = []
        for number in range(len(candidate.steps)):
            critique = await self._one(candidate, number, earlier, run)
            earlier = (*earlier, critique.text)
            scores.append(critique.score)
        return scores

    async def _one(
        self, candidate: Candidate, number: int, earlier: tuple[str, ...], run: Any
    ) -> Critique:
        question = Question(candidate, number, earlier)
        critique: Critique = await run.call(self._critique, question)
        if critique.program is None or self._execute is None:
            return critique
        output = await run.call(self._execute, critique.program)
        told = f"{critique.text}\n[Code Output: {output}]\n"
        last: Critique = await run.call(self._critique, Question(candidate, number, earlier, told))
        return last
