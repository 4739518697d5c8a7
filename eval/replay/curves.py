"""Curves over the number of draws: what k draws give and cost, with intervals over problems."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
from msgspec import Struct

from tts.eval.replay.expectation import (
    Sizes,
    highest,
    majority,
    passed,
    scoring,
    sizes_up_to,
    standing,
)
from tts.eval.replay.pool import Draws, Floats, Ints, Pool
from tts.eval.replay.resample import Resampler
from tts.eval.statistics import Estimate

AT_ONCE = 1024
"""Problems that are looked at together: enough for speed, and little memory."""


class CurvePoint(Struct, frozen=True, kw_only=True):
    """What k draws of every problem that has as many are expected to give, and cost."""

    k: int
    n: int
    """Problems with at least k draws."""
    passed: Estimate
    """Chance that one of them is right: what a perfect selection would reach."""
    majority: Estimate | None
    """None: the draws do not vote."""
    best: Estimate | None
    """By the recorded scores; None where there are none."""
    tokens: float
    """Prompts and completions; mean over problems."""
    prompt_tokens: float
    """The part of them that was read."""
    score_tokens: float
    """What scoring them takes on top."""
    dollars: float | None
    seconds: float | None
    """Of the slowest of the k: they are drawn at once."""


def curve(pool: Pool, ks: Sequence[int] = (), *, seed: int = 0) -> tuple[CurvePoint, ...]:
    """The points of a pool for the wanted k, or for powers of two up to the most draws."""
    sizes = sizes_up_to(pool.most, ks)
    tables = expected(pool, sizes)
    rates = [name for name in RATES if name in tables]
    resampler = Resampler(len(pool.problems), seed=seed)
    found = iter(resampler.estimates(np.concatenate([tables[name] for name in rates], axis=1)))
    sure = {name: [next(found) for _ in sizes] for name in rates}
    means = {name: np.nanmean(table, axis=0).tolist() for name, table in tables.items()}
    counts = np.sum(~np.isnan(tables["passed"]), axis=0).tolist()
    return tuple(
        CurvePoint(
            k=k,
            n=counts[at],
            passed=sure["passed"][at],
            majority=sure["majority"][at] if "majority" in sure else None,
            best=sure["best"][at] if "best" in sure else None,
            tokens=means["tokens"][at],
            prompt_tokens=means["prompt_tokens"][at],
            score_tokens=means["score_tokens"][at] if "score_tokens" in means else 0.0,
            dollars=means["dollars"][at] if "dollars" in means else None,
            seconds=means["seconds"][at] if "seconds" in means else None,
        )
        for at, k in enumerate(sizes)
    )


def best_of(pool: Pool, sizes: Sizes) -> Floats:
    """Chance that the highest scored of k draws is right, one row per problem and a column per k,
    which no problem's draws fall short of."""
    found = np.empty((len(pool.problems), len(sizes)))
    for places, draws in blocks(pool):
        correct = np.stack([one.correct for one in draws]).astype(np.float64)
        found[places] = highest(standing(draws), correct, sizes)
    return found


RATES = ("passed", "majority", "best")


def expected(pool: Pool, sizes: Sizes) -> dict[str, Floats]:
    """By figure that the pool can tell, one row per problem and one column per k, NaN beyond a
    problem's draws."""
    told = {"majority": pool.votes, "best": pool.scored, "dollars": pool.priced}
    told |= {"passed": True, "tokens": True, "prompt_tokens": True, "seconds": pool.timed}
    told["score_tokens"] = any(bool(one.score_tokens.any()) for one in pool)
    shape, names = (len(pool.problems), len(sizes)), {name for name in told if told[name]}
    found = {name: np.full(shape, np.nan) for name in names}
    for places, draws in blocks(pool):
        fitting = tuple(k for k in sizes if k <= draws[0].n)
        if fitting:
            for name, block in _block(names, draws, fitting).items():
                found[name][places, : len(fitting)] = block
    return found


def blocks(pool: Pool) -> Iterator[tuple[list[int], list[Draws]]]:
    """The problems with equally many draws, and where they stand, so many at once."""
    by_count: dict[int, list[int]] = defaultdict(list)
    for place, draws in enumerate(pool):
        by_count[draws.n].append(place)
    for places in by_count.values():
        for start in range(0, len(places), AT_ONCE):
            part = places[start : start + AT_ONCE]
            yield part, [pool.problems[at] for at in part]


def _block(names: set[str], draws: list[Draws], ks: Sizes) -> dict[str, Floats]:
    correct = np.stack([one.correct for one in draws])
    spent = np.stack([one.prompts + one.tokens for one in draws])
    found = {
        "passed": passed(correct, ks),
        "tokens": _sums(spent, ks),
        "prompt_tokens": _sums(np.stack([one.prompts for one in draws]), ks),
    }
    if "score_tokens" in names:
        found["score_tokens"] = np.stack([scoring(one, ks) for one in draws])
    if "majority" in names:
        found["majority"] = np.stack([majority(one, ks) for one in draws])
    if "best" in names:
        found["best"] = highest(standing(draws), correct.astype(np.float64), ks)
    if "dollars" in names:
        found["dollars"] = _sums(np.stack([one.dollars for one in draws]), ks)
    if "seconds" in names:
        seconds = np.stack([one.seconds for one in draws])
        found["seconds"] = highest(seconds, seconds, ks)
    return found


def _sums(amounts: Floats | Ints, ks: Sizes) -> Floats:
    """Expected sums over k draws."""
    found: Floats = amounts.mean(axis=1)[:, None] * np.array(ks)
    return found
