"""Sampled solutions with exact step labels."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from tts.arithmetic import STEP_SEPARATOR, ArithmeticProblem, step_is_correct
from tts.backends.embedded.backend import EmbeddedGenerator
from tts.backends.embedded.model import EmbeddedModel
from tts.protocols import GenerateRequest, Meter
from tts.values import Message, Sampling, split_steps


@dataclass(frozen=True, slots=True)
class StepSample:
    """One sampled solution; `labels` says of each step whether it is correct."""

    problem: ArithmeticProblem
    text: str
    steps: tuple[str, ...]
    labels: tuple[bool, ...]

    @property
    def solved(self) -> bool:
        """Whether the text states the right answer in a box."""
        return rf"\boxed{{{self.problem.answer}}}" in self.text


async def sample_steps(
    embedded: EmbeddedModel,
    problems: Sequence[ArithmeticProblem],
    *,
    draws: int,
    temperature: float,
    rows: int = 192,
) -> list[list[StepSample]]:
    """`draws` solutions of each problem, seeded by the problem's place in the sequence."""
    generator = EmbeddedGenerator(embedded, rows=rows)
    sampling = Sampling(temperature=temperature, max_tokens=400)

    async def solve(place: int, problem: ArithmeticProblem) -> list[StepSample]:
        request = GenerateRequest(
            messages=(Message("user", problem.prompt),),
            sampling=sampling,
            seeds=tuple(place * draws + draw for draw in range(draws)),
        )
        reply = await generator.generate(request, Meter())
        return [labelled(problem, draw.text) for draw in reply.completions if draw is not None]

    samples = await asyncio.gather(*(solve(*pair) for pair in enumerate(problems)))
    await generator.close()
    return samples


def labelled(problem: ArithmeticProblem, text: str) -> StepSample:
    """A solution with the exact verdict on each of its steps."""
    steps = split_steps(text)
    labels = tuple(
        step_is_correct(problem.expression, STEP_SEPARATOR.join(steps[:index]), step)
        for index, step in enumerate(steps)
    )
    return StepSample(problem, text, steps, labels)
