"""How large a block of the wallet is."""

from __future__ import annotations

from collections.abc import Mapping

from tts.values import Dimension

SHARE = 4
"""A block takes at most a quarter of what each living process could still draw."""


def block(
    left: Mapping[Dimension, int], least: Mapping[Dimension, int], *, most: int, processes: int
) -> dict[Dimension, int] | None:
    """`least` up to `most` times, in the dimensions of `left`; None where not even one fits.

    Near the ceiling it shrinks to one worst case.
    """
    needs: dict[Dimension, int] = {name: least.get(name, 0) for name in left}
    if any(needs[name] > left[name] for name in left):
        return None
    fits = [left[name] // (need * SHARE * processes) for name, need in needs.items() if need]
    times = max(1, min([most, *fits]))
    return {name: needs[name] * times for name in left}
