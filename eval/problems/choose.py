"""A part of a problem set, and the order in which its problems run."""

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


def shuffled(problems: Sequence[Problem], *, seed: int = 0) -> tuple[Problem, ...]:
    """All of the problems so that every first part of them is a fair sample of the whole.

    Random by the seed; the difficulty bins are dealt out in proportion.
    """
    luck = random.Random(f"order/{seed}")
    bins: dict[int | None, list[Problem]] = {}
    for problem in luck.sample(list(problems), len(problems)):
        bins.setdefault(problem.difficulty_bin, []).append(problem)
    placed = [
        ((rank + luck.random()) / len(members), place, problem)
        for place, members in enumerate(bins.values())
        for rank, problem in enumerate(members)
    ]
    return tuple(problem for *_, problem in sorted(placed, key=lambda one: one[:2]))
