"""What the simulated server's heads say of token ids.

Every number is a function of the ids up to its place, as behind causal attention, so that routes
can be compared with one another.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from math import exp, log
from typing import Any

import msgspec

VOCABULARY = 64
"""Ids of the simulated language model."""


def logits(ids: Sequence[int], size: int) -> list[float]:
    """`size` numbers in -4…4 behind a text."""
    digest = blake2b(msgspec.json.encode(list(ids)), digest_size=size).digest()
    return [byte / 32.0 - 4.0 for byte in digest]


def logprobs(ids: Sequence[int]) -> list[float]:
    """The next token's log-probabilities, by id."""
    found = logits(ids, VOCABULARY)
    norm = log(sum(map(exp, found)))
    return [one - norm for one in found]


def pooled(ids: Sequence[int]) -> list[list[float]]:
    """`POST /pooling` with ids: two raw outputs at every token."""
    return [logits(ids[: end + 1], 2) for end in range(len(ids))]


def classified(body: bytes) -> dict[str, Any]:
    """`POST /classify` with ids: two raw outputs at the last token; `/pooling` says the same there."""
    ids = msgspec.json.decode(body)["input"]
    data = {"index": 0, "label": None, "probs": logits(ids, 2), "num_classes": 2}
    return {
        "object": "list",
        "data": [data],
        "usage": {"prompt_tokens": len(ids), "total_tokens": len(ids)},
    }


def prompt_logprobs(ids: Sequence[int], top: int) -> list[dict[str, Any] | None]:
    """One entry per token: the `top` likeliest at its place and itself; nothing for the first."""
    return [None, *(_alternatives(ids, place, top) for place in range(1, len(ids)))]


def _alternatives(ids: Sequence[int], place: int, top: int) -> dict[str, Any]:
    found = logprobs(ids[:place])
    order = sorted(range(VOCABULARY), key=lambda token: -found[token])
    told = dict.fromkeys([*order[:top], ids[place]])
    return {
        str(token): {
            "logprob": found[token % VOCABULARY],
            "rank": order.index(token % VOCABULARY) + 1,
            "decoded_token": "",
        }
        for token in told
    }
