"""Log-probabilities without the values that are no numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, zip_longest
from math import isnan

from tts.backends.openai_http.wire import WireLogprobs
from tts.values import TokenLogprob

FLOOR = -9999.0
"""Stands for minus infinity, as in vLLM's replies."""


def token_logprobs(wire: WireLogprobs | None) -> tuple[TokenLogprob, ...]:
    """The chosen tokens with their alternatives, most likely first.

    Infinities are clamped to [-9999, 0] and alternatives without a number are left out. Where a
    chosen token has none (null or NaN; the first token of an echoed prompt excepted) the whole
    sequence counts as not reported: a mean over a gap would be wrong.
    """
    if wire is None:
        return ()
    tokens = [
        (token, _finite(logprob), _ranked(top))
        for token, logprob, top in chain(_of_chat(wire), _of_completion(wire))
    ]
    if tokens and tokens[0][1] is None:
        del tokens[0]
    kept = tuple(
        TokenLogprob(token, logprob, top) for token, logprob, top in tokens if logprob is not None
    )
    return kept if len(kept) == len(tokens) else ()


_Pairs = Iterable[tuple[str, float | None]]


def _of_chat(wire: WireLogprobs) -> Iterator[tuple[str, float | None, _Pairs]]:
    for entry in wire.content or ():
        top = entry.top_logprobs or ()
        yield entry.token, entry.logprob, [(other.token, other.logprob) for other in top]


def _of_completion(wire: WireLogprobs) -> Iterator[tuple[str, float | None, _Pairs]]:
    tokens, values = wire.tokens or (), wire.token_logprobs or ()
    for token, value, top in zip_longest(tokens, values, wire.top_logprobs or ()):
        if token is not None:
            yield token, value, (top or {}).items()


def _ranked(pairs: _Pairs) -> tuple[tuple[str, float], ...]:
    known = [(token, value) for token, raw in pairs if (value := _finite(raw)) is not None]
    return tuple(sorted(known, key=lambda pair: -pair[1]))


def _finite(value: float | None) -> float | None:
    if value is None or isnan(value):
        return None
    return min(0.0, max(FLOOR, value))
