"""How alike texts are, by their words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from math import sqrt

_WORD = re.compile(r"\w+|[^\w\s]")


def word_similarity(texts: Sequence[str]) -> list[list[float]]:
    """Cosines between word counts: 1 for the same words in any order, 0 for none in common.

    It sees wording, not meaning: the same direction in other words counts as another one.
    """
    counts = [Counter(_WORD.findall(text.lower())) for text in texts]
    lengths = [sqrt(sum(count * count for count in bag.values())) for bag in counts]
    return [
        [
            1.0 if left == right else _product(left, right) / (long * other or 1.0)
            for right, other in zip(counts, lengths, strict=True)
        ]
        for left, long in zip(counts, lengths, strict=True)
    ]


def _product(left: Counter[str], right: Counter[str]) -> float:
    return float(sum(count * right[word] for word, count in left.items()))
