"""Numbers written in words."""

from __future__ import annotations

import re

_UNDER_TWENTY = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
)
_OF_TEN = "twenty thirty forty fifty sixty seventy eighty ninety"
_SMALL = {word: value for value, word in enumerate(_UNDER_TWENTY.split())}
_TENS = {word: 10 * value for value, word in enumerate(_OF_TEN.split(), 2)}
_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_TOKEN = re.compile(r"[\s-]*([A-Za-z]+)")
LONGEST = 200


def spelled(text: str) -> tuple[int | None, str]:
    """The cardinal number that a text begins with, such as `twenty-one`, and what follows it.

    None where it begins with none, or with words in an order that no number has.
    """
    sign, place, end = 1, 0, 0
    total = group = 0
    largest, value = 10**15, None
    first = text[:LONGEST].lower()
    if found := re.match(r"(?:minus|negative)\s+", first):
        sign, place = -1, found.end()
    while found := _TOKEN.match(first, place):
        word, place = found[1], found.end()
        if word == "and" and value is not None and (group % 100 == 0):
            continue
        if word in _SCALES:
            if group == 0 or _SCALES[word] >= largest:
                break
            largest = _SCALES[word]
            total, group = total + group * largest, 0
        elif (step := _grown(group, word)) is None or (value == 0):
            break
        else:
            group = step
        value, end = total + group, place
    return (None if value is None else sign * value), text[end:] if value is not None else text


def _grown(group: int, word: str) -> int | None:
    """Three digits with one more word; None where the word cannot follow."""
    below = group % 100
    if word == "hundred":
        return group * 100 if 1 <= group <= 9 else None
    if word in _TENS:
        return group + _TENS[word] if below == 0 else None
    small = _SMALL.get(word)
    if small is None or (small == 0 and group):
        return None
    fits = below == 0 or (small < 10 and below >= 20 and below % 10 == 0)
    return group + small if fits else None
