"""A verdict as its mean over what the model might have said instead, by its log-probabilities."""

from __future__ import annotations

from collections.abc import Mapping
from math import exp, fsum

from tts.values import Completion, TokenLogprob

ALTERNATIVES = 5
"""Alternatives asked for beside each token: as many as every server that reports any gives."""


def expectation(
    completion: Completion, place: int, said: float, values: Mapping[str, float]
) -> float:
    """The mean value of the labels that may stand at a place of a reply (G-Eval, Liu et al. 2023;
    LLM-as-a-Verifier, arXiv 2607.05391), weighed by their probabilities there.

    Args:
        completion: the reply; without log-probabilities what it says is its verdict.
        place: where in its text the label begins.
        said: the value of the label that it says, in however many tokens.
        values: by label, whatever its case. A token that only begins a longer label, as `1` begins
            `10`, may be either of them, and counts for none.
    """
    found = _token_at(completion, place)
    if found is None:
        return said
    chances = {**dict(found.top), found.token: found.logprob}
    labels = {label.lower(): value for label, value in values.items()}
    told = {token: _value(token, labels) for token in chances} | {found.token: said}
    known = [(exp(chances[token]), value) for token, value in told.items() if value is not None]
    mass = fsum(chance for chance, _ in known)
    return fsum(chance * value for chance, value in known) / mass if mass > 0 else said


def _value(token: str, labels: Mapping[str, float]) -> float | None:
    word = token.strip().lower()
    longer = any(label != word and label.startswith(word) for label in labels)
    return None if longer else labels.get(word)


def _token_at(completion: Completion, place: int) -> TokenLogprob | None:
    """The token in which a place lies, unless it says more than blanks before it."""
    end = 0
    for one in completion.logprobs:
        start, end = end, end + len(one.token)
        if end > place:
            return None if completion.text[start:place].strip() else one
    return None
