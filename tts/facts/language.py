"""The words of facts: names, relations, sources, a statement and a question."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

RELATIONS = ("mentor", "rival", "neighbour", "partner", "doctor", "landlord", "captain", "sponsor")
SOURCES = ("Gazette", "Herald")
_ONSETS = ("B", "D", "F", "G", "K", "L", "M", "N", "R", "S", "T", "V")
_MIDDLES = ("ar", "el", "in", "ov", "un")
_ENDS = ("a", "eth", "is", "o")
NAMES = tuple("".join(parts) for parts in product(_ONSETS, _MIDDLES, _ENDS))


class Pair(NamedTuple):
    """What is asked of whom."""

    relation: str
    person: str


def statement(source: str, pair: Pair, value: str) -> str:
    """A document: what a source says."""
    return f"{source}: the {pair.relation} of {pair.person} is {value}."


def question(relations: Sequence[str], person: str) -> str:
    """The question; of two relations the inner one stands last, next to the person."""
    of = " of ".join(f"the {relation}" for relation in relations)
    return f"Who is {of} of {person}?"
