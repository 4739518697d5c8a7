"""Sets that are generated: their names, their options, their held-out problems."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tts import arithmetic, countdown, facts
from tts.arithmetic import ArithmeticProblem
from tts.countdown import CountdownProblem
from tts.errors import BadInput
from tts.eval.problems.problem_set import ProblemSet
from tts.facts import FactProblem
from tts.values import Problem

BINS = (1, 2, 3, 4, 5)


@dataclass(frozen=True, slots=True)
class GeneratedSet:
    """A family of problems in five difficulty bins, none of which any embedded model was trained on."""

    problems: Callable[[int, int, int], list[Problem]]
    """Of a bin, a count and a seed: that many distinct problems."""
    most_per_bin: int
    """The easiest bin does not hold many more distinct held-out problems."""


def _problem(
    one: ArithmeticProblem | CountdownProblem | FactProblem, task: str, **metadata: Any
) -> Problem:
    return Problem(
        id=one.id,
        prompt=one.prompt,
        answer=one.answer,
        task=task,
        difficulty_bin=one.difficulty_bin,
        metadata=metadata,
    )


def _arithmetic(one: ArithmeticProblem) -> Problem:
    return _problem(one, "arithmetic", operations=one.operations)


def _countdown(one: CountdownProblem) -> Problem:
    return _problem(one, "countdown", openness=round(one.openness, 4))


def _facts(one: FactProblem) -> Problem:
    return _problem(one, "qa", hops=len(one.hops), support=list(one.support))


GENERATED = {
    "arithmetic": GeneratedSet(
        lambda *how: [_arithmetic(one) for one in arithmetic.generate(*how)], most_per_bin=1000
    ),
    "steps": GeneratedSet(
        lambda *how: [_arithmetic(one) for one in arithmetic.generate_graded(*how)],
        most_per_bin=1000,
    ),
    "countdown": GeneratedSet(
        lambda *how: [_countdown(one) for one in countdown.generate(*how)], most_per_bin=400
    ),
    "facts": GeneratedSet(
        lambda *how: [_facts(one) for one in facts.generate(*how)],
        most_per_bin=facts.MOST_PER_BIN,
    ),
}
"""`arithmetic` has one gold path and bins apart from each other; the problems of `steps` have many
right paths, of different length, and a difficulty that rises evenly; those of `countdown` have many
wrong first steps and few right ones, or one; `facts` are questions about the documents of
`--corpus facts:SEED`, of one hop (bins 1, 2) and two (3 to 5), where sources agree (1, 3) and not."""


def is_generated(source: str) -> bool:
    """Whether a source names a generated set."""
    family, mark, _ = source.partition(":")
    return bool(mark) and family in GENERATED


def generated_set(source: str) -> ProblemSet:
    """`NAME:N` (all five bins, evenly) or `NAME:bin=3,n=50,seed=1`, of a name in `GENERATED`.

    Problems are held out from the training of the embedded models; `BadInput` otherwise.
    """
    family = GENERATED[source.partition(":")[0]]
    options = _options(source)
    count, seed = options["n"], options.get("seed", 0)
    if not 0 <= seed < arithmetic.FIRST_TRAINING_SEED:
        raise BadInput(
            f"{source}: seeds from {arithmetic.FIRST_TRAINING_SEED} up are for training."
        )
    bins = (options["bin"],) if "bin" in options else BINS
    most = family.most_per_bin
    if not set(bins) <= set(BINS) or not 0 < count <= most * len(bins):
        raise BadInput(f"{source}: bins are 1 to 5, with 1 to {most} problems each.")
    share, rest = divmod(count, len(bins))
    counts = [share + (place < rest) for place in range(len(bins))]
    drawn = [family.problems(bin_, size, seed) for bin_, size in zip(bins, counts, strict=True)]
    return ProblemSet(source=source, problems=tuple(one for group in drawn for one in group))


def _options(source: str) -> dict[str, int]:
    family, _, text = source.partition(":")
    usage = f"{family}:N or {family}:bin=3,n=50,seed=1"
    parts = [part.strip().partition("=") for part in text.split(",")]
    if len(parts) == 1 and not parts[0][1]:
        parts = [("n", "=", parts[0][0])]
    try:
        options = {name.strip(): int(value) for name, _, value in parts}
    except ValueError as error:
        raise BadInput(f"{source}: whole numbers are needed, as in {usage}.") from error
    if (
        "n" not in options
        or len(options) < len(parts)
        or not options.keys() <= {"bin", "n", "seed"}
    ):
        raise BadInput(f"{source}: {usage} is needed.")
    return options
