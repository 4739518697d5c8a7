"""Log-probabilities as callers see them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tts.backends.embedded.draw import Draw
from tts.backends.embedded.tokenizer import EmbeddedTokenizer
from tts.backends.embedded.weights import Floats
from tts.values import TokenLogprob


def token_logprobs(
    logits: Floats,
    chosen: NDArray[np.intp],
    draws: Sequence[Draw],
    tokenizer: EmbeddedTokenizer,
) -> list[TokenLogprob | None]:
    """One report per draw that asked for one: of the model's own distribution, before
    temperature, top_p and top_k. `logits` is (draws, vocabulary), `chosen` (draws,)."""
    reports: list[TokenLogprob | None] = [None] * len(draws)
    asked = [row for row, draw in enumerate(draws) if draw.sampling.logprobs is not None]
    if not asked:
        return reports
    raised = logits[asked] - logits[asked].max(axis=1, keepdims=True)
    logs = raised - np.log(np.exp(raised).sum(axis=1, keepdims=True))
    for row, own in zip(asked, logs, strict=True):
        count = draws[row].sampling.logprobs or 0
        best = np.argsort(-own, kind="stable")[:count]
        top = tuple((tokenizer.name(int(token)), float(own[token])) for token in best)
        token = int(chosen[row])
        reports[row] = TokenLogprob(tokenizer.name(token), float(own[token]), top)
    return reports
