"""A part of a problem set."""

from __future__ import annotations

import random
from collections.abc import Collection, Sequence

from tts.errors import UsageError
from tts.values import Problem


def choose(
    problems: Sequence[Problem],
    *,
    limit: int | None = None,
    seed: int | None = None,
    bins: Collection[int] | None = None,
) -> tuple[Problem, ...]:
    """Problems of the difficulty bins, at most `limit` of them, in their order.

    The limit takes the first ones, or with a seed a random part that grows with the limit:
    the choice at a smaller limit is contained in that at a larger one.
    """
    if limit is not None and limit < 1:
        raise UsageError(f"A limit of {limit} problems leaves nothing to solve.")
    wanted = [one for one in problems if bins is None or one.difficulty_bin in bins]
    if not wanted:
        raise UsageError(f"No problem has a difficulty bin among {sorted(bins or ())}.")
    order = list(range(len(wanted)))
    if seed is not None:
        random.Random(f"problems/{seed}").shuffle(order)
    return tuple(wanted[place] for place in sorted(order[:limit]))
