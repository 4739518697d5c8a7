"""A set of names that takes the same memory however many there are."""

from __future__ import annotations

from collections.abc import Iterable

SIZE = 1 << 20
"""Bytes; a million names in it leave one in sixteen new ones looking as if it were there."""
LOOKS = 4
"""Bits of a name."""


class Names:
    """Names that may be in it: none is ever missing, and a few that are not there seem to be
    (Bloom 1970, Space/time trade-offs in hash coding with allowable errors)."""

    __slots__ = ("_bits",)

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._bits = bytearray(SIZE)
        for name in names:
            self.add(name)

    def add(self, name: str) -> None:
        for byte, bit in _places(name):
            self._bits[byte] |= bit

    def __contains__(self, name: str) -> bool:
        return all(self._bits[byte] & bit for byte, bit in _places(name))


def _places(name: str) -> list[tuple[int, int]]:
    """By two halves of one hash (Kirsch and Mitzenmacher 2006)."""
    both = hash(name)
    first, step = both & 0xFFFFFFFF, (both >> 32) | 1
    spots = [(first + look * step) % (8 * SIZE) for look in range(LOOKS)]
    return [(spot >> 3, 1 << (spot & 7)) for spot in spots]
