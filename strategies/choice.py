"""Selection rules by name."""

from __future__ import annotations

from typing import Literal

from tts.strategies.selection import Select, highest_scored, most_voted, most_weighted

Choice = Literal["best", "majority", "weighted"]
"""The highest score, the most frequent answer, or the answer with the greatest sum of scores."""

CHOICES: dict[Choice, Select] = {
    "best": highest_scored,
    "majority": most_voted,
    "weighted": most_weighted,
}


def chosen(name: Choice) -> Select:
    """The rule of that name; ValueError names the known ones."""
    if name not in CHOICES:
        raise ValueError(f"select is one of {', '.join(CHOICES)}, not {name!r}.")
    return CHOICES[name]
