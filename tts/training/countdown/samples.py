"""The policy's draws of held-out problems, with what is so of each of their steps."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from tts.backends.embedded.model import EmbeddedModel
from tts.backends.embedded.step_scorer import EmbeddedStepScorer
from tts.countdown import CountdownProblem, ended, made
from tts.countdown.solution import after_step
from tts.countdown.state import Numbers, is_solvable
from tts.protocols import Meter, StepScoreRequest
from tts.training.step_samples import drawn
from tts.values import Message, Sampling, split_steps


@dataclass(frozen=True, slots=True)
class Played:
    """One draw; `labels` says of each step whether all up to it is legal and the target open."""

    problem: CountdownProblem
    text: str
    steps: tuple[str, ...]
    labels: tuple[bool, ...]
    legal: bool
    """Whether every step is legal, until one number is left."""

    @property
    def solved(self) -> bool:
        """Whether the steps lead to the target with all the numbers."""
        expression = ended(self.text)
        found = made(expression) if expression else None
        return found is not None and str(found) == self.problem.answer


async def play(
    policy: EmbeddedModel,
    problems: Sequence[CountdownProblem],
    *,
    draws: int,
    temperature: float,
    rows: int = 192,
) -> list[list[Played]]:
    """`draws` solutions of each problem, seeded by the problem's place in the sequence."""
    sampling = Sampling(temperature=temperature, max_tokens=100)
    prompts = [problem.prompt for problem in problems]
    texts = await drawn(policy, prompts, sampling, draws=draws, rows=rows)
    return [
        [played(problem, text) for text in own]
        for problem, own in zip(problems, texts, strict=True)
    ]


def played(problem: CountdownProblem, text: str) -> Played:
    """A solution with the exact verdict on each of its steps."""
    steps = split_steps(text)
    table: Numbers | None = tuple(sorted(problem.numbers))
    labels: list[bool] = []
    for step in steps:
        table = after_step(table, step) if table is not None else None
        labels.append(table is not None and is_solvable(table, problem.target))
    whole = table is not None and len(table) == 1
    return Played(problem, text, steps, tuple(labels), whole)


async def values(
    model: EmbeddedModel, groups: Sequence[Sequence[Played]]
) -> list[list[tuple[float, ...]]]:
    """The value model's score of every step of every solution."""
    scorer = EmbeddedStepScorer(model)

    async def judge(one: Played) -> tuple[float, ...]:
        messages = (Message("user", one.problem.prompt),)
        request = StepScoreRequest(messages=messages, steps=one.steps)
        return (await scorer.score_steps(request, Meter())).scores

    scores = [list(await asyncio.gather(*map(judge, group))) for group in groups]
    await scorer.close()
    return scores
