"""Generated arithmetic problems, named by what generates them."""

from __future__ import annotations

from tts.arithmetic import FIRST_TRAINING_SEED, ArithmeticProblem, generate
from tts.errors import BadInput
from tts.eval.problems.problem_set import ProblemSet
from tts.values import Problem

BINS = (1, 2, 3, 4, 5)
MAX_PER_BIN = 1000
"""The easiest bin does not hold many more distinct held-out problems."""
_USAGE = "arithmetic:N or arithmetic:bin=3,n=50,seed=1"


def arithmetic_set(source: str) -> ProblemSet:
    """`arithmetic:N` (all five bins, evenly) or `arithmetic:bin=3,n=50,seed=1`.

    Problems are held out from the training of the embedded models; `BadInput` otherwise.
    """
    options = _options(source)
    count, seed = options["n"], options.get("seed", 0)
    if not 0 <= seed < FIRST_TRAINING_SEED:
        raise BadInput(f"{source}: seeds from {FIRST_TRAINING_SEED} up are for training.")
    bins = (options["bin"],) if "bin" in options else BINS
    if not set(bins) <= set(BINS) or not 0 < count <= MAX_PER_BIN * len(bins):
        raise BadInput(f"{source}: bins are 1 to 5, with 1 to {MAX_PER_BIN} problems each.")
    share, rest = divmod(count, len(bins))
    counts = [share + (place < rest) for place in range(len(bins))]
    drawn = [generate(bin_, size, seed) for bin_, size in zip(bins, counts, strict=True)]
    problems = tuple(_problem(one) for group in drawn for one in group)
    return ProblemSet(source=source, problems=problems)


def _options(source: str) -> dict[str, int]:
    text = source.removeprefix("arithmetic:")
    parts = [part.strip().partition("=") for part in text.split(",")]
    if len(parts) == 1 and not parts[0][1]:
        parts = [("n", "=", parts[0][0])]
    try:
        options = {name.strip(): int(value) for name, _, value in parts}
    except ValueError as error:
        raise BadInput(f"{source}: whole numbers are needed, as in {_USAGE}.") from error
    if (
        "n" not in options
        or len(options) < len(parts)
        or not options.keys() <= {"bin", "n", "seed"}
    ):
        raise BadInput(f"{source}: {_USAGE} is needed.")
    return options


def _problem(one: ArithmeticProblem) -> Problem:
    return Problem(
        id=one.id,
        prompt=one.prompt,
        answer=one.answer,
        task="arithmetic",
        difficulty_bin=one.difficulty_bin,
        metadata={"operations": one.operations},
    )
