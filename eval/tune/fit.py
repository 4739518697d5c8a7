"""The idealised runtime of a model, fitted to times of single calls."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import combinations, cycle
from statistics import median
from time import perf_counter

from msgspec import Struct

from tts.budget.idealised_runtime import IdealisedRuntime
from tts.errors import BadInput
from tts.eval.problems import load_problems
from tts.eval.tune.energy import Counter
from tts.protocols import GenerateRequest, Generator, Meter, Retriever, StepScorer, StepScoreRequest
from tts.values import Message, Sampling

SHARES = (0.125, 0.25, 0.5, 0.75)
"""Prompt sizes as parts of the context."""
LENGTHS = (1, 8, 24, 48, 96)
LONGEST_CONTEXT = 4096


class Timing(Struct, frozen=True):
    """One call that had the machine to itself."""

    prompt_tokens: int
    completion_tokens: int
    seconds: float
    joules: float | None = None
    """None: nothing counts them."""


async def timings(
    generator: Generator,
    *,
    lengths: Sequence[int] = LENGTHS,
    shares: Sequence[float] = SHARES,
    repeats: int = 3,
    clock: Callable[[], float] = perf_counter,
    energy: Counter = lambda: None,
) -> list[Timing]:
    """Every prompt size with every length, one call at a time, after a warm-up.

    The first size is that of a plain question. Every longer prompt begins with a number of its
    own, so that no cache has read it. A draw may end early; what was drawn counts. `energy` is read
    before and after each call.
    """
    context = min(generator.model.context_length or LONGEST_CONTEXT, LONGEST_CONTEXT)
    room = context - max(lengths)
    await _timed(generator, _prompt(generator, context // 8, "100"), max(lengths), 0, clock, energy)
    found: list[Timing] = []
    asked = [one for one in lengths for _ in range(repeats)]
    for length, text in zip(asked, cycle(_questions(generator)), strict=False):
        found.append(await _timed(generator, text, length, len(found), clock, energy))
    for share in shares:
        words = _prompt(generator, int(room * share), "100").split()[1:]
        for length in asked:
            text = " ".join([f"{len(found) + 101}", *words])
            found.append(await _timed(generator, text, length, len(found), clock, energy))
    return found


async def _timed(
    generator: Generator,
    text: str,
    length: int,
    seed: int,
    clock: Callable[[], float],
    energy: Counter,
) -> Timing:
    messages = (Message("user", text),)
    request = GenerateRequest(
        messages=messages,
        sampling=Sampling(temperature=1.0, max_tokens=length),
        seeds=(seed,),
    )
    before, started = energy(), clock()
    reply = await generator.generate(request, Meter())
    seconds, after = clock() - started, energy()
    drawn = reply.completions[0]
    if drawn is None or drawn.completion_tokens < 1:
        raise BadInput(f"{generator.model.name} drew nothing: it cannot be timed.")
    # A counter that began again says nothing of this call.
    joules = None if before is None or after is None or after < before else after - before
    return Timing(generator.count_prompt(messages, ""), drawn.completion_tokens, seconds, joules)


async def readings(
    scorer: StepScorer,
    *,
    shares: Sequence[float] = SHARES,
    repeats: int = 5,
    clock: Callable[[], float] = perf_counter,
    energy: Counter = lambda: None,
) -> list[Timing]:
    """What reading a solution of every size takes a verifier that draws nothing, after a warm-up.

    A size is a part of the context. Every solution begins with a number of its own, so that no
    cache has read it.
    """
    context = min(scorer.model.context_length or LONGEST_CONTEXT, LONGEST_CONTEXT)
    sizes = [int(context * share) for share in shares for _ in range(repeats)]
    found = [
        await _read(scorer, size, at, clock, energy) for at, size in enumerate(sizes[:1] + sizes)
    ]
    return found[1:]


async def _read(
    scorer: StepScorer, size: int, at: int, clock: Callable[[], float], energy: Counter
) -> Timing:
    question = (Message("user", f"{at + 101} and more?"),)
    step, steps = "so 3 + 4 = 7.", 1
    while steps < size and scorer.count(question, (step,) * (2 * steps)) <= size:
        steps *= 2
    while scorer.count(question, (step,) * (steps + 1)) <= size:
        steps += 1
    request = StepScoreRequest(messages=question, steps=(step,) * steps)
    before, started = energy(), clock()
    reply = await scorer.score_steps(request, Meter())
    seconds, after = clock() - started, energy()
    joules = None if before is None or after is None or after < before else after - before
    return Timing(reply.usage.prompt_tokens, 0, seconds, joules)


def fitted_reading(calls: Sequence[Timing]) -> IdealisedRuntime:
    """The median of each size. Nothing is drawn, so a drawn token takes no time."""
    sizes: dict[int, list[float]] = defaultdict(list)
    for one in calls:
        sizes[one.prompt_tokens].append(one.seconds)
    prompts = {size: median(took) for size, took in sorted(sizes.items())}
    return IdealisedRuntime(token_seconds=0.0, prompt_seconds=prompts, watts=_watts(calls))


RETRIEVALS = 32
"""Retrievals that are timed, after a first one."""
WANTED = 10


async def fitted_retrieving(
    retriever: Retriever, *, clock: Callable[[], float] = perf_counter
) -> IdealisedRuntime:
    """The median time of a retrieval of `WANTED` documents, one at a time, by questions of everyday
    words."""
    took: list[float] = []
    for place in range(RETRIEVALS + 1):
        started = clock()
        await retriever.retrieve(
            f"Who was number {place} of the first people in that town?", WANTED
        )
        took.append(clock() - started)
    return IdealisedRuntime(token_seconds=0.0, prompt_seconds={}, call_seconds=median(took[1:]))


def _questions(generator: Generator) -> list[str]:
    """Questions of the commonest size, which a model answers at length, other than long prompts."""
    sizes: dict[int, list[str]] = defaultdict(list)
    for one in load_problems("arithmetic:n=400,seed=9"):
        sizes[generator.count_prompt((Message("user", one.prompt),), "")].append(one.prompt)
    return max(sizes.values(), key=len)


def _prompt(generator: Generator, size: int, first: str) -> str:
    """Text of at most `size` prompt tokens, and nearly as many."""
    words = " ".join(one.prompt for one in load_problems("arithmetic:n=400,seed=3")).split()
    low, high = 0, len(words)
    while low < high:
        middle = (low + high + 1) // 2
        text = " ".join([first, *words[:middle]])
        fits = generator.count_prompt((Message("user", text),), "") <= size
        low, high = (middle, high) if fits else (low, middle - 1)
    return " ".join([first, *words[:low]])


def fitted(calls: Sequence[Timing]) -> IdealisedRuntime:
    """Seconds on drawn tokens: one slope for all prompt sizes, one intercept for each.

    The slope is the median of those between any two calls of one prompt size, by their distance
    (Theil 1950, Sen 1968): a machine that others use makes some calls slow and none fast, which
    would bend a least-squares line. Raises BadInput where no prompt size was timed with two
    lengths, or where times do not grow with the length.
    """
    groups: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for one in calls:
        groups[one.prompt_tokens].append((one.completion_tokens - 1, one.seconds))
    slope = _common_slope(list(groups.values()))
    prompts = {
        size: max(0.0, median(seconds - slope * steps for steps, seconds in points))
        for size, points in sorted(groups.items())
    }
    return IdealisedRuntime(token_seconds=slope, prompt_seconds=prompts, watts=_watts(calls))


def _watts(calls: Sequence[Timing]) -> float | None:
    """Mean power over the calls whose energy was counted; None: nothing was, or it stood still."""
    counted = [(one.joules, one.seconds) for one in calls if one.joules is not None]
    seconds = sum(took for _, took in counted)
    return sum(joules for joules, _ in counted) / seconds or None if seconds else None


def _common_slope(groups: Sequence[Sequence[tuple[int, float]]]) -> float:
    """Within groups, so that longer prompts do not pass for longer answers."""
    slopes = sorted(
        ((high - low) / (right - left), abs(right - left))
        for points in groups
        for (left, low), (right, high) in combinations(points, 2)
        if left != right
    )
    half, passed = sum(weight for _, weight in slopes) / 2, 0
    for slope, weight in slopes:
        passed += weight
        if passed >= half:
            if slope > 0.0:
                return slope
            break
    raise BadInput("The times do not grow with the drawn tokens: nothing can be fitted.")
