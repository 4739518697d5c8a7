"""Errands: small tasks in English with the plan that solves them."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_HELD_OUT_SHARE = 8
_ONSETS = [
    "b",
    "c",
    "d",
    "f",
    "g",
    "h",
    "j",
    "k",
    "l",
    "m",
    "n",
    "p",
    "r",
    "s",
    "t",
    "v",
    "w",
    "z",
    "br",
    "ch",
    "dr",
    "fl",
    "gr",
    "pl",
    "sh",
    "st",
    "tr",
]
_VOWELS = ["a", "e", "i", "o", "u", "ai", "ea", "oo"]
_ENDS = ["n", "r", "l", "t", "m", "p", "k", "d"]

Bought = tuple[int, str]
"""How many, of what."""


@dataclass(frozen=True, slots=True)
class Errand:
    """A task, and its plan in the compact text of `tts.planner`."""

    prompt: str
    plan: str


def errands(count: int, seed: int, *, held_out: bool = False) -> list[Errand]:
    """`count` errands, the same for the same seed; a task is held out or not by its checksum."""
    randomness = random.Random(f"errands/{seed}/{held_out}")
    found: list[Errand] = []
    while len(found) < count:
        errand = randomness.choice(_KINDS)(randomness)
        if (zlib.crc32(errand.prompt.encode()) % _HELD_OUT_SHARE == 0) == held_out:
            found.append(errand)
    return found


def _total(randomness: random.Random) -> Errand:
    bought = _basket(randomness, randomness.randint(1, 3))
    lines, results = _costs(bought)
    total = results[0]
    for result in results[1:]:
        lines.append(f"add(a={total}, b={result})")
        total = f"${len(lines)}"
    return Errand(f"What do {_listed([_amount(one) for one in bought])} cost?", _plan(lines))


def _difference(randomness: random.Random) -> Errand:
    first, second = _basket(randomness, 2)
    lines, (one, other) = _costs([first, second])
    lines.append(f"subtract(a={one}, b={other})")
    task = f"How much more do {_amount(first)} cost than {_amount(second)}?"
    return Errand(task, _plan(lines))


def _average(randomness: random.Random) -> Errand:
    names = [name for _, name in _basket(randomness, randomness.randint(2, 4))]
    lines = [f'price(item="{name}")' for name in names]
    inside = ", ".join(f"${number}" for number in range(1, len(lines) + 1))
    lines.append(f"average(values=[{inside}])")
    return Errand(f"What is the average price of {_listed(names)}?", _plan(lines))


_KINDS: tuple[Callable[[random.Random], Errand], ...] = (_total, _total, _difference, _average)


def _costs(bought: Sequence[Bought]) -> tuple[list[str], list[str]]:
    """The lines that look prices up and multiply them, and where each cost is found."""
    lines = [f'price(item="{name}")' for _, name in bought]
    results = []
    for number, (count, _) in enumerate(bought, start=1):
        result = f"${number}"
        if count > 1:
            lines.append(f"multiply(a={count}, b={result})")
            result = f"${len(lines)}"
        results.append(result)
    return lines, results


def _plan(lines: Sequence[str]) -> str:
    numbered = [f"{number}. {line}\n" for number, line in enumerate(lines, start=1)]
    return "".join(numbered) + f"answer = ${len(lines)}\n"


def _basket(randomness: random.Random, size: int) -> list[Bought]:
    names: set[str] = set()
    while len(names) < size:
        names.add(_name(randomness))
    ordered = sorted(names)
    randomness.shuffle(ordered)
    return [(randomness.choice((1, randomness.randint(2, 99))), name) for name in ordered]


def _name(randomness: random.Random) -> str:
    syllables = randomness.randint(1, 2)
    parts = [randomness.choice(_ONSETS) + randomness.choice(_VOWELS) for _ in range(syllables)]
    return "".join(parts) + randomness.choice(_ENDS)


def _amount(one: Bought) -> str:
    return f"{one[0]} {one[1]}"


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)
