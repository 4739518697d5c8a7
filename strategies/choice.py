"""Selection rules by name."""

from __future__ import annotations

from functools import partial
from typing import Literal, get_args

from tts.strategies.parts.select import Select, highest_scored, most_voted, most_weighted
from tts.voting import Aggregate

Choice = Literal["best", "majority", "weighted"]
"""The highest score, the most frequent answer, or the answer with the greatest sum of scores."""

CHOICES: dict[Choice, Select] = {
    "best": highest_scored,
    "majority": most_voted,
    "weighted": most_weighted,
}


def chosen(name: Choice, aggregate: Aggregate | None = None) -> Select:
    """The rule of that name; ValueError names the known ones.

    `aggregate` makes `best` and `weighted` the PRM-X-max and PRM-X-vote of Liu et al. (2025); None
    takes the verifier's own value.
    """
    if name not in CHOICES:
        raise ValueError(f"select is one of {', '.join(CHOICES)}, not {name!r}.")
    if aggregate is None:
        return CHOICES[name]
    if aggregate not in get_args(Aggregate):
        known = ", ".join(get_args(Aggregate))
        raise ValueError(f"aggregate is one of {known}, not {aggregate!r}.")
    if name == "majority":
        raise ValueError("A majority weighs nothing: aggregate goes with best or weighted.")
    return partial(highest_scored if name == "best" else most_weighted, how=aggregate)
