"""A larger model, or a small one that thinks longer: the exchange rate of FLOPs (Snell et al. 2024).

Pre-training takes 6 · N · D_pre FLOPs and inference 2 · N · D_inf. A small model that gets in inference
what a model `times` as large takes in both may infer times + 3 · (times − 1) · D_pre / D_inf as many
tokens (section 7).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from tts.errors import BadInput, UsageError
from tts.eval.replay.curves import expected
from tts.eval.replay.gather import Gathered
from tts.eval.replay.pool import Draws, Floats, Pool
from tts.eval.replay.resample import Resampler
from tts.eval.statistics import Estimate

RATIOS = (0.16, 0.79, 22.0)
"""Tokens inferred over tokens pre-trained on, as the paper has them."""


def multiplier(times: float, ratio: float) -> float:
    """How many times the larger model's inference tokens the small one may use.

    `ratio` is D_inf / D_pre: infinite where pre-training is not counted. Raises `BadInput` where the
    larger model is not larger, or the ratio not above 0.
    """
    if not times >= 1:
        raise BadInput(
            f"The larger model is at least as large as the small one, not {times:g} times."
        )
    if not ratio > 0:
        raise BadInput(f"Tokens inferred over tokens pre-trained on are above 0, not {ratio:g}.")
    return times + 3 * (times - 1) / ratio


class Matched(Struct, frozen=True, kw_only=True):
    """A small model with as many FLOPs as one draw of a larger one."""

    ratio: float
    multiplier: float
    k: int
    """The draws that the small model takes; 0: not even one is paid for, and it is wrong then."""
    paid: int
    """How many are paid for; more than were recorded cannot be tried."""
    small: Estimate
    large: Estimate
    difference: Estimate
    """Small less large, paired by problem."""


def exchangeable(models: Sequence[Gathered]) -> None:
    """Raises `UsageError` unless there are two, `BadInput` unless they were asked the same."""
    if len(models) != 2:
        held = ", ".join(repr(one.setting) for one in models[:4])
        raise UsageError(
            f"Two models are exchanged, not {len(models)}: name them as FILE#MODEL ({held})."
        )
    small, large = models
    if not small.problems.keys() & large.problems.keys():
        raise _apart(small.setting, large.setting)


def _apart(small: str, large: str) -> BadInput:
    return BadInput(f"{small!r} and {large!r} have no problem in common.")


def matched(
    small: Pool, large: Pool, times: float, *, ratios: tuple[float, ...] = RATIOS, seed: int = 0
) -> tuple[Matched, ...]:
    """The small model's votes (best of k where there are scores) beside the larger one's single
    draws, at equal FLOPs.

    On the problems that both were asked; scoring is not counted, as in the paper. Raises `BadInput`
    where there are none.
    """
    ours, theirs = ({one.problem_id: one for one in pool} for pool in (small, large))
    common = sorted(ours.keys() & theirs.keys())
    if not common:
        raise _apart(small.setting, large.setting)
    right = np.array([theirs[name].correct.mean() for name in common])
    spent = float(np.mean([_tokens(theirs[name]) for name in common]))
    chosen = [ours[name] for name in common]
    found = []
    for ratio in ratios:
        factor = multiplier(times, ratio)
        k, paid, chances = _with_tokens(small, chosen, factor * spent)
        rates = np.stack([chances, right], axis=1)
        ours_, theirs_ = Resampler(len(common), seed=seed).estimates(rates)
        gaps = (chances - right)[:, None]
        [gap] = Resampler(len(common), seed=seed).estimates(gaps, least=-1.0)
        found.append(
            Matched(
                ratio=ratio,
                multiplier=factor,
                k=k,
                paid=paid,
                small=ours_,
                large=theirs_,
                difference=gap,
            )
        )
    return tuple(found)


def _tokens(draws: Draws) -> float:
    return float((draws.prompts + draws.tokens).mean())


def _with_tokens(pool: Pool, problems: list[Draws], room: float) -> tuple[int, int, Floats]:
    """Draws that are taken, draws that so many tokens a problem pay for, and the chance of each
    problem to be right with the first number of them."""
    paid = int(room / float(np.mean([_tokens(draws) for draws in problems])))
    k = min(paid, *(draws.n for draws in problems))
    if k < 1:
        return 0, paid, np.zeros(len(problems))
    way = "best" if pool.scored else "majority" if pool.votes else "passed"
    k = 1 if way == "passed" else k
    return k, paid, expected(replace(pool, problems=tuple(problems)), (k,))[way][:, 0]
