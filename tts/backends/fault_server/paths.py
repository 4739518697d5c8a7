"""The simulated server's paths beside generation, and what its heads say of token ids.

Every number of a head is a function of the ids up to its place, as behind causal attention, so that
routes can be compared with one another.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from math import exp, log
from typing import Any

import msgspec

MODEL = "simulated"
CONTEXT = 32768
VOCABULARY = 64
"""Ids of the simulated language model."""


def models(dialect: str) -> dict[str, Any]:
    """`GET /v1/models`: vLLM names itself and the length of its context."""
    model = {"id": MODEL, "object": "model", "owned_by": dialect}
    length = {"max_model_len": CONTEXT} if dialect == "vllm" else {}
    return {"object": "list", "data": [model | length]}


def pooling(body: bytes) -> dict[str, Any]:
    """`POST /pooling`: a row [wrong, right] per step marker `<extra_0>` in a text, or per id.

    A row depends on what stands before it alone.
    """
    asked = msgspec.json.decode(body)
    told = asked.get("input", "")
    if isinstance(told, list) and told and isinstance(told[0], int):
        usage = {"prompt_tokens": len(told), "total_tokens": len(told)}
        return {"data": [{"index": 0, "object": "pooling", "data": pooled(told)}], "usage": usage}
    texts = told if isinstance(told, list) else [told]
    data = [
        {"index": index, "object": "pooling", "data": _rows(text)}
        for index, text in enumerate(texts)
    ]
    tokens = sum(len(text.split()) for text in texts)
    return {"data": data, "usage": {"prompt_tokens": tokens, "total_tokens": tokens}}


def tokenize(body: bytes, *, trims: bool) -> dict[str, Any]:
    """`POST /tokenize`: code points of the last turn, trimmed where the template trims."""
    asked = msgspec.json.decode(body)
    turns = asked.get("messages") or [{"content": asked.get("prompt", "")}]
    text = turns[-1]["content"]
    tokens = [ord(letter) for letter in (text.strip() if trims else text)]
    return {"count": len(tokens), "max_model_len": CONTEXT, "tokens": tokens}


def detokenize(body: bytes) -> dict[str, Any]:
    """`POST /detokenize`: the inverse of `tokenize`."""
    return {"prompt": "".join(map(chr, msgspec.json.decode(body)["tokens"]))}


def _rows(text: str) -> list[list[float]]:
    before, rows = "", list[list[float]]()
    for part in text.split("<extra_0>")[:-1]:
        before += part
        right = blake2b(before.encode("utf-8", "replace"), digest_size=2).digest()[0] / 255
        rows.append([1.0 - right, right])
    return rows


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
