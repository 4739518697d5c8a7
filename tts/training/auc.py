"""How well scores separate two classes."""

from __future__ import annotations

from collections.abc import Sequence


def auc(scores: Sequence[float], labels: Sequence[bool]) -> float:
    """The chance that a random true item scores above a random false one; ties count half.

    Raises ValueError where a class is empty.
    """
    positives = sum(labels)
    negatives = len(labels) - positives
    if not positives or not negatives:
        raise ValueError("Both classes are needed.")
    ordered = sorted(zip(scores, labels, strict=True))
    wins, seen_negatives, start = 0.0, 0, 0
    while start < len(ordered):
        end = start
        while end < len(ordered) and ordered[end][0] == ordered[start][0]:
            end += 1
        tied_positives = sum(label for _, label in ordered[start:end])
        tied_negatives = end - start - tied_positives
        wins += tied_positives * (seen_negatives + tied_negatives / 2)
        seen_negatives += tied_negatives
        start = end
    return wins / (positives * negatives)
