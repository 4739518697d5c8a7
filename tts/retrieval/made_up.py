"""Corpora and demonstrations that nobody has as a file: those of the worlds of `tts.facts`."""

from __future__ import annotations

from pathlib import Path

from tts.errors import BadInput
from tts.facts import demonstrations, documents
from tts.values import Demonstration, Document

FACTS = "facts:"
SHOWN = 32
"""Demonstrations that a world gives."""


def made_up_documents(place: Path) -> tuple[Document, ...] | None:
    """All that is said in a world, for `facts:SEED`; None for any other place."""
    seed = _seed(place)
    return None if seed is None else documents(seed)


def made_up_demonstrations(place: Path) -> tuple[Demonstration, ...] | None:
    """Questions about a world that no problem of `facts:…` asks, of two hops and of one in turn, for
    `facts:SEED`; None for any other place. Their documents are retrieved, as for any question."""
    seed = _seed(place)
    if seed is None:
        return None
    pairs = zip(*(demonstrations(seed, SHOWN // 2, hops=hops) for hops in (2, 1)), strict=True)
    return tuple(one for pair in pairs for one in pair)


def _seed(place: Path) -> int | None:
    text = str(place)
    if not text.startswith(FACTS):
        return None
    digits = text.removeprefix(FACTS)
    if not (digits.isascii() and digits.isdigit()):
        raise BadInput(f"{text}: the seed of a world is a whole number, as in facts:0.")
    return int(digits)
