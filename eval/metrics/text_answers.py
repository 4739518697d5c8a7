"""Short answers in words against a reference and its aliases: EM, token F1, and Acc.

Normalised as in SQuAD (Rajpurkar et al. 2016): case, punctuation, articles and blanks do not count.
Each figure is the best over the references.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from msgspec import Struct

from tts.answers import normalised, token_f1
from tts.values import Problem

ALIASES = ("aliases", "answer_aliases", "answers")
"""Fields of a problem's row that hold further right answers."""


class TextScore(Struct, frozen=True):
    """An answer against its references; without an answer all are 0."""

    em: float
    """1 where it is a reference."""
    f1: float
    """The harmonic mean of precision and recall of words."""
    acc: float
    """1 where a reference is contained in it, word by word."""


def text_score(answer: str | None, references: Sequence[str]) -> TextScore:
    """ValueError where there is no reference."""
    if not references:
        raise ValueError("An answer is scored against at least one reference.")
    said = normalised(answer or "")

    def best(measure: Callable[[str, str], float]) -> float:
        return max(measure(said, normalised(one)) for one in references)

    return TextScore(em=best(_same), f1=best(token_f1), acc=best(_contained))


def mean_text_score(pairs: Iterable[tuple[str | None, Sequence[str]]]) -> TextScore | None:
    """The means over answers, each with its references; None where there is none."""
    scores = [text_score(answer, references) for answer, references in pairs]
    if not scores:
        return None
    return TextScore(
        em=sum(one.em for one in scores) / len(scores),
        f1=sum(one.f1 for one in scores) / len(scores),
        acc=sum(one.acc for one in scores) / len(scores),
    )


def references_of(problem: Problem) -> tuple[str, ...]:
    """The reference answer and its aliases, as the problem's row has them; none where it has none."""
    if problem.answer is None:
        return ()
    further = (alias for name in ALIASES for alias in _texts(problem.metadata.get(name)))
    return tuple(dict.fromkeys([problem.answer, *further]))


def _texts(value: Any) -> Iterable[str]:
    listed = value if isinstance(value, list) else [value]
    return (one for one in listed if isinstance(one, str) and one.strip())


def _same(said: str, reference: str) -> float:
    return float(bool(said) and said == reference)


def _contained(said: str, reference: str) -> float:
    return float(bool(reference) and f" {reference} " in f" {said} ")
