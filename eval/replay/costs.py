"""What each recorded draw costs, in the unit of a budget."""

from __future__ import annotations

from typing import Literal

import numpy as np

from tts.eval.replay.pool import Draws, Floats, Pool

Unit = Literal["dollars", "tokens", "seconds", "calls", "flops"]


def known(pool: Pool, unit: Unit, *, parameters: float | None = None) -> bool:
    """Whether a pool tells what its draws cost in this unit; FLOPs need the size of its model."""
    return {
        "dollars": pool.priced,
        "seconds": pool.timed,
        "tokens": True,
        "calls": True,
        "flops": parameters is not None,
    }[unit]


def costs_of(
    draws: Draws, unit: Unit, *, scored: bool = False, parameters: float | None = None
) -> Floats:
    """Of each draw, in recorded order: its prompt and what it drew, with its scoring in tokens where
    that is asked for; 2 · parameters · tokens as FLOPs. Seconds are those of one draw after another."""
    if unit == "dollars":
        return draws.dollars
    if unit == "seconds":
        return draws.seconds
    if unit == "calls":
        return np.ones(draws.n)
    tokens = (draws.prompts + draws.tokens).astype(np.float64)
    if unit == "flops":
        return tokens * 2 * (parameters or 0.0)
    return tokens + draws.score_tokens if scored else tokens
