"""The small policy's own steps, and spoilt copies of them, with exact verdicts."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tts.arithmetic import (
    FIRST_TRAINING_SEED,
    STEP_SEPARATOR,
    ArithmeticProblem,
    generate,
    step_is_correct,
)
from tts.backends.embedded.generator import EmbeddedGenerator
from tts.backends.embedded.model import EmbeddedModel
from tts.backends.embedded.step_scorer import marked_rows
from tts.backends.embedded.tokenizer import EmbeddedTokenizer
from tts.protocols import GenerateRequest, Meter
from tts.training.architecture import ARCHITECTURES
from tts.values import Message, Sampling, split_steps

DRAWS = 4
_SHARES = {1: 0.08, 2: 0.14, 3: 0.2, 4: 0.28, 5: 0.3}
_PROBLEM_SEED = FIRST_TRAINING_SEED + 900_000_000
_DIGIT = re.compile(r"[0-9]")


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
    sampling = Sampling(temperature=temperature, max_tokens=400)
    prompts = [problem.prompt for problem in problems]
    texts = await drawn(embedded, prompts, sampling, draws=draws, rows=rows)
    return [
        [labelled(problem, text) for text in own]
        for problem, own in zip(problems, texts, strict=True)
    ]


async def drawn(
    embedded: EmbeddedModel, prompts: Sequence[str], sampling: Sampling, *, draws: int, rows: int
) -> list[list[str]]:
    """`draws` texts of each prompt, seeded by its place in the sequence."""
    generator = EmbeddedGenerator(embedded, rows=rows)

    async def ask(place: int, prompt: str) -> list[str]:
        request = GenerateRequest(
            messages=(Message("user", prompt),),
            sampling=sampling,
            seeds=tuple(place * draws + draw for draw in range(draws)),
        )
        reply = await generator.generate(request, Meter())
        return [draw.text for draw in reply.completions if draw is not None]

    texts = await asyncio.gather(*(ask(*pair) for pair in enumerate(prompts)))
    await generator.close()
    return texts


def labelled(problem: ArithmeticProblem, text: str) -> StepSample:
    """A solution with the exact verdict on each of its steps."""
    steps = split_steps(text)
    labels = tuple(
        step_is_correct(problem.expression, STEP_SEPARATOR.join(steps[:index]), step)
        for index, step in enumerate(steps)
    )
    return StepSample(problem, text, steps, labels)


@dataclass(frozen=True, slots=True)
class JudgedRow:
    """A solution as the scorer reads it."""

    ids: tuple[int, ...]
    marks: tuple[int, ...]
    """Positions of the markers in `ids`."""
    labels: tuple[bool, ...]
    """Of each marker, whether all up to there is right."""


def judged_rows(count: int, order: random.Random) -> list[JudgedRow]:
    """Sampled solutions of `count` training problems of the small policy, and spoilt copies."""
    policy = EmbeddedModel.shipped("small")
    problems = [
        problem
        for difficulty_bin, share in _SHARES.items()
        for problem in generate(difficulty_bin, int(count * share), _PROBLEM_SEED)
    ]
    groups = asyncio.run(sample_steps(policy, problems, draws=DRAWS, temperature=1.0))
    return rows_of(groups, policy.tokenizer, order)


def rows_of(
    groups: Sequence[Sequence[StepSample]], tokenizer: EmbeddedTokenizer, order: random.Random
) -> list[JudgedRow]:
    """Every solution as the scorer reads it, each followed by a spoilt copy."""
    return [
        _row(tokenizer, judged)
        for group in groups
        for sample in group
        for judged in (sample, *spoilt(sample, order))
        if judged.steps
    ]


def spoilt(sample: StepSample, order: random.Random) -> Iterator[StepSample]:
    """A copy with one digit of one right step changed; none where no step is right."""
    right = [place for place, label in enumerate(sample.labels) if label]
    if not right:
        return
    steps, place = list(sample.steps), order.choice(right)
    digits = [match.start() for match in _DIGIT.finditer(steps[place])]
    at = order.choice(digits)
    other = order.choice([digit for digit in "0123456789" if digit != steps[place][at]])
    steps[place] = steps[place][:at] + other + steps[place][at + 1 :]
    yield labelled(sample.problem, "\n\n".join(steps))


def _row(tokenizer: EmbeddedTokenizer, sample: StepSample) -> JudgedRow:
    messages = (Message("user", sample.problem.prompt),)
    limit = ARCHITECTURES["prm"].positions
    (marked,) = marked_rows(tokenizer, messages, sample.steps, limit)
    return JudgedRow(marked.ids, marked.marks, sample.labels)
