"""The sentences of documents that suit a question, as many as a cap holds: compression without a model."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from math import log

from msgspec import Struct
from msgspec.structs import replace

from tts.answers import normalised
from tts.values import Document

_END = re.compile(r"(?<=[.!?])[\"'”)]*\s+(?=[\"'“(]?[A-Z0-9])")
SATURATION = 1.2
"""How soon a repeated word of the question stops counting (k₁ of BM25, Robertson et al. 1994)."""
FURTHER = 0.9
"""What a sentence of the next document is worth beside one of the document before it."""
FREQUENT = frozenset(
    [
        "who",
        "what",
        "which",
        "when",
        "where",
        "how",
        "is",
        "was",
        "are",
        "were",
        "did",
        "does",
        "do",
        "of",
        "in",
        "on",
        "at",
        "to",
        "for",
        "by",
        "with",
        "from",
        "that",
        "and",
        "or",
        "it",
        "its",
        "his",
        "her",
        "their",
        "as",
        "be",
        "been",
        "has",
        "have",
        "had",
    ]
)


class Sentence(Struct, frozen=True):
    """One sentence of a document, by rank and place."""

    rank: int
    place: int
    text: str


def sentences(text: str) -> list[str]:
    """The sentences of a text, as far as full stops before capitals show them."""
    return [one.strip() for one in _END.split(text.strip()) if one.strip()]


def extracted(
    question: str, documents: Sequence[Document], most: int, count: Callable[[str], int]
) -> tuple[Document, ...]:
    """The documents with the sentences that suit a question best, in their order, as many as hold
    `most` tokens with their titles; what has none left is left out.

    A sentence counts with the words of the question that it holds, the rarer the more, those of its
    title half, and with the rank of its document. Of an empty cap or question nothing is left.
    """
    offered = [
        Sentence(rank, place, text)
        for rank, document in enumerate(documents)
        for place, text in enumerate(sentences(document.text))
    ]
    asked = _words(question)
    rarity = _rarity([one.text for one in offered])
    scores = {one: _score(one, documents[one.rank].title, asked, rarity) for one in offered}
    kept: set[Sentence] = set()
    shown: set[int] = set()
    left = most
    for one in sorted(offered, key=lambda one: (-scores[one], one.rank, one.place)):
        title = 0 if one.rank in shown else count(documents[one.rank].title)
        if scores[one] > 0 and (need := title + count(one.text)) <= left:
            kept.add(one)
            shown.add(one.rank)
            left -= need
    texts = {
        rank: [one.text for one in offered if one in kept and one.rank == rank] for rank in shown
    }
    return tuple(replace(documents[rank], text=" ".join(texts[rank])) for rank in sorted(texts))


def _words(text: str) -> list[str]:
    return [word for word in normalised(text).split() if word not in FREQUENT]


def _rarity(texts: Sequence[str]) -> dict[str, float]:
    """Inverse document frequency, sentences taken as documents."""
    met = Counter(word for text in texts for word in set(_words(text)))
    return {word: log(1 + len(texts) / n) for word, n in met.items()}


def _score(one: Sentence, title: str, asked: Sequence[str], rarity: dict[str, float]) -> float:
    held, named = Counter(_words(one.text)), Counter(_words(title))
    total = 0.0
    for word in set(asked):
        often = held[word] + named[word] / 2
        total += rarity.get(word, 1.0) * often * (SATURATION + 1) / (often + SATURATION)
    return total * FURTHER**one.rank
