"""How sure a model was of the word that it chose."""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from math import exp

from tts.answers.verdict import polarity
from tts.values import Completion, TokenLogprob

_SENTENCES = re.compile(r"[.!?\n]")
_LETTERS = string.ascii_letters + "*_`\"'$}"
_ENDS = frozenset(".,;:!)\n<")
_ASKING = re.compile(
    r"\b(?:if|whether|or|check|decide|determine|verify|see|need|let|must|should|would)\b",
    re.IGNORECASE,
)
PAIRS = (("True", "False"), ("Yes", "No"), ("Correct", "Incorrect"), ("Right", "Wrong"))
"""Words by which a model agrees or does not, whatever it was asked to say."""


def label_probability(
    completion: Completion, good: str, bad: str, *, after: str = ""
) -> float | None:
    """P(good) / (P(good) + P(bad)) where the answer names one of the two; None where it does not.

    Read behind the last `after`, at the token that begins the word. Where neither word was said
    the other pairs of such words count. An alternative that was not reported counts as the least
    likely one that was; without log-probabilities the word itself decides.
    """
    start = completion.text.rfind(after) + len(after) if after else 0
    if start < len(after):
        return None
    rest = completion.text[start:]
    if not after and "</think>" in rest:
        start += rest.rfind("</think>")
        rest = completion.text[start:]
    for pair in ((good, bad), *PAIRS):
        said = polarity(rest, pair[:1], pair[1:])
        if said is None or not _is_said(rest, said[1], cut=completion.finish_reason == "length"):
            continue
        agrees, place = said
        found = _token(completion.logprobs, start + place, pair)
        share = None if found is None else _share(found, *pair)
        word_agrees = rest[place : place + len(pair[0])].lower() == pair[0].lower()
        if share is None:
            return float(agrees)
        return share if agrees == word_agrees else 1.0 - share
    return None


def _is_said(text: str, place: int, *, cut: bool) -> bool:
    """Whether the word at a place is a verdict: it opens the reply, or ends a statement that asks
    nothing; the last word of a text that was cut may go on."""
    before = _SENTENCES.split(text[:place])[-1]
    after = text[place:].lstrip(_LETTERS)
    if not re.search(r"\w", text[:place]) or before.strip().lower() in ("not", "is not"):
        return True
    if _ASKING.search(before):
        return False
    return after[:1] in _ENDS if after.strip() else not cut


def _token(
    logprobs: Sequence[TokenLogprob], start: int, labels: Sequence[str]
) -> TokenLogprob | None:
    """The token at or behind a place in the text that begins a label."""
    position = 0
    for one in logprobs:
        position += len(one.token)
        if position > start and any(_begins(one.token, label) for label in labels):
            return one
    return None


def _share(found: TokenLogprob, good: str, bad: str) -> float:
    reported = ((found.token, found.logprob), *found.top)
    least = min(logprob for _, logprob in reported)
    yes = max((value for token, value in reported if _begins(token, good)), default=least)
    no = max((value for token, value in reported if _begins(token, bad)), default=least)
    return 1.0 / (1.0 + exp(min(700.0, no - yes)))


def _begins(token: str, label: str) -> bool:
    stripped = token.strip().lower()
    return bool(stripped) and label.lower().startswith(stripped)
