"""Names as words, for guesses at what was meant by them."""

from __future__ import annotations

import re

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

Words = tuple[str, ...]


def words(name: str) -> Words:
    """`originSkyId` and `origin_sky_id` alike: origin, sky, id."""
    return tuple(word.lower() for word in _WORD.findall(name))


def names_the_same(field: Words, parameter: Words) -> bool:
    """Whether a field is what a parameter asks for: `artist_id` for `artistId`, `skyId` for
    `originSkyId`. One word at the end is not enough, since every second field is an id."""
    return field == parameter or (len(field) > 1 and parameter[-len(field) :] == field)
