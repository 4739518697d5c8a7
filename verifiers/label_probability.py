"""How sure a model was of the word that it chose."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp

from tts.values import Completion, TokenLogprob


def label_probability(
    completion: Completion, good: str, bad: str, *, after: str = ""
) -> float | None:
    """P(good) / (P(good) + P(bad)) where the answer names one of the two; None where it does not.

    Read at the last token that begins one of the words behind the last `after`. An alternative
    that was not reported counts as the least likely one that was; without log-probabilities the
    word itself decides.
    """
    start = completion.text.rfind(after) + len(after) if after else 0
    if start < len(after):
        return None
    found = _token(completion.logprobs, start, (good, bad))
    if found is not None:
        return _share(found, good, bad)
    rest = completion.text[start:].strip().lower()
    for label, verdict in ((good, 1.0), (bad, 0.0)):
        if rest.startswith(label.lower()):
            return verdict
    return None


def _token(
    logprobs: Sequence[TokenLogprob], start: int, labels: tuple[str, str]
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
