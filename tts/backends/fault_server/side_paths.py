"""The simulated server's paths beside generation."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import msgspec

from tts.backends.fault_server.token_paths import pooled

MODEL = "simulated"
CONTEXT = 32768


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
