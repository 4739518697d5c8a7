"""Short answers as words: without case, punctuation and articles, a date in one form."""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from datetime import date

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


def normalised(text: str) -> str:
    """A text without case, punctuation, articles and blanks; a date as year, month and day."""
    plain = unicodedata.normalize("NFKC", text).lower().strip()
    if (found := _date(plain)) is not None:
        return found
    bare = plain.translate(_PUNCTUATION)
    return " ".join(_ARTICLE.sub(" ", bare).split())


def token_f1(said: str, reference: str) -> float:
    """The harmonic mean of precision and recall of words, of two normalised texts.

    Yes and no are right or wrong as wholes: a word in common with them means nothing.
    """
    if "yes" in (said, reference) or "no" in (said, reference):
        return float(bool(said) and said == reference)
    words, wanted = said.split(), reference.split()
    common = sum((Counter(words) & Counter(wanted)).values())
    return 2 * common / (len(words) + len(wanted)) if common else 0.0


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
