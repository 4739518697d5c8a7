"""Short answers in words against a reference and its aliases: EM, token F1, and Acc.

Normalised as in SQuAD (Rajpurkar et al. 2016): case, punctuation, articles and blanks do not count.
Each figure is the best over the references.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import Any

from msgspec import Struct

from tts.values import Problem

_PUNCTUATION = str.maketrans("", "", string.punctuation + "‘’“”´–—")
_ARTICLE = re.compile(r"\b(?:a|an|the)\b")
_MONTHS = {
    name: number
    for number in range(1, 13)
    for name in (f"{date(2000, number, 1):%B}".lower(), f"{date(2000, number, 1):%b}".lower())
}
_DATE = (
    re.compile(r"(?P<d>\d{1,2})(?:st|nd|rd|th)?\s+(?P<m>[a-z]+)\.?,?\s+(?P<y>\d{4})"),
    re.compile(r"(?P<m>[a-z]+)\.?\s+(?P<d>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<y>\d{4})"),
    re.compile(r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})"),
)
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

    return TextScore(em=best(_same), f1=best(_f1), acc=best(_contained))


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


def normalised(text: str) -> str:
    """A text without case, punctuation, articles and blanks; a date as year, month and day."""
    plain = unicodedata.normalize("NFKC", text).lower().strip()
    if (found := _date(plain)) is not None:
        return found
    bare = plain.translate(_PUNCTUATION)
    return " ".join(_ARTICLE.sub(" ", bare).split())


def _texts(value: Any) -> Iterable[str]:
    listed = value if isinstance(value, list) else [value]
    return (one for one in listed if isinstance(one, str) and one.strip())


def _date(text: str) -> str | None:
    """A whole text that is a date, in whatever form it is written."""
    for form in _DATE:
        found = form.fullmatch(text.rstrip(". "))
        if found is None:
            continue
        month = _MONTHS.get(found["m"]) or (int(found["m"]) if found["m"].isdigit() else 0)
        try:
            return date(int(found["y"]), month, int(found["d"])).isoformat()
        except ValueError:
            continue
    return None


def _same(said: str, reference: str) -> float:
    return float(bool(said) and said == reference)


def _contained(said: str, reference: str) -> float:
    return float(bool(reference) and f" {reference} " in f" {said} ")


def _f1(said: str, reference: str) -> float:
    """Yes and no are right or wrong as wholes: a word in common with them means nothing."""
    if "yes" in (said, reference) or "no" in (said, reference):
        return _same(said, reference)
    words, wanted = said.split(), reference.split()
    common = sum((Counter(words) & Counter(wanted)).values())
    return 2 * common / (len(words) + len(wanted)) if common else 0.0
