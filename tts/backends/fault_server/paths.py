"""What the simulated server is asked at each of its paths, and what it says beside generation.

Every number of a head is a function of the ids up to its place, as behind causal attention, so that
routes can be compared with one another.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from math import exp, log
from typing import Any

import msgspec
from msgspec import Struct

MODEL = "simulated"
CONTEXT = 32768
VOCABULARY = 64
"""Ids of the simulated language model."""
EMBEDDED = 64
"""Numbers of a vector of `/v1/embeddings`."""


class ChatTurn(Struct, gc=False):
    """A message; parts of content lists are not simulated."""

    role: str
    content: str = ""


class StreamOptions(Struct, gc=False):
    """Whether the last events report usage."""

    include_usage: bool = False
    continuous_usage_stats: bool = False


class ServedRequest(Struct):
    """A body of `/chat/completions` or `/completions`."""

    model: str = ""
    messages: list[ChatTurn] | None = None
    prompt: str | list[int] | None = None
    prompt_logprobs: int | None = None
    n: int = 1
    seed: int | None = None
    stop: str | list[str] | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    stream: bool = False
    stream_options: StreamOptions | None = None
    logprobs: bool | int | None = None
    logprob_token_ids: list[int] | None = None
    top_logprobs: int = 0
    continue_final_message: bool = False
    include_stop_str_in_output: bool = False
    return_token_ids: bool = False
    verbose: bool = False
    temperature: float = 1.0
    tools: list[dict[str, Any]] | None = None

    @property
    def may_call(self) -> bool:
        """Whether there are tools, and none has answered last."""
        return bool(self.tools and self.messages and self.messages[-1].role != "tool")

    @property
    def text(self) -> str:
        """The prompt as one text."""
        turns = [turn.content for turn in self.messages or ()]
        if isinstance(self.prompt, list):
            return " ".join(map(str, self.prompt))
        return self.prompt if self.prompt is not None else "\n".join(turns)

    @property
    def continued(self) -> str:
        """The partial answer that is to be continued."""
        last = self.messages[-1] if self.messages else None
        return last.content if last is not None and last.role == "assistant" else ""

    @property
    def stops(self) -> list[str]:
        return [self.stop] if isinstance(self.stop, str) else self.stop or []

    @property
    def wants_logprobs(self) -> bool:
        """0 asks for the chosen tokens alone."""
        return self.logprobs is not None and self.logprobs is not False

    def ceiling(self, *, heeds_newer: bool) -> int:
        """Most tokens of a draw."""
        newer = self.max_completion_tokens if heeds_newer else None
        return newer or self.max_tokens or 1 << 30


SERVED: msgspec.json.Decoder[ServedRequest] = msgspec.json.Decoder(ServedRequest)


def models(dialect: str) -> dict[str, Any]:
    """`GET /v1/models`: vLLM and llama.cpp name themselves and the length of their context."""
    model: dict[str, Any] = {"id": MODEL, "object": "model", "owned_by": dialect}
    if dialect == "vllm":
        model["max_model_len"] = CONTEXT
    if dialect == "llama_cpp":
        model |= {"owned_by": "llamacpp", "meta": {"n_ctx": CONTEXT}}
    return {"object": "list", "data": [model]}


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


def embeddings(body: bytes) -> dict[str, Any]:
    """`POST /v1/embeddings`: counts of words by their digest, so that texts that share words are
    alike; the last text's row comes first, as servers may send them."""
    told = msgspec.json.decode(body).get("input", "")
    texts = [told] if isinstance(told, str) else told
    data = [
        {"object": "embedding", "index": index, "embedding": _counts(text)}
        for index, text in enumerate(texts)
    ]
    tokens = sum(len(text.split()) for text in texts)
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "data": data[::-1], "usage": usage}


def _counts(text: str) -> list[float]:
    found = [0.0] * EMBEDDED
    for word in text.lower().split():
        digest = blake2b(word.encode("utf-8", "replace"), digest_size=2).digest()
        found[int.from_bytes(digest, "big") % EMBEDDED] += 1.0
    return found


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


def next_logprobs(ids: Sequence[int], asked: Sequence[int]) -> dict[str, Any]:
    """Log-probabilities of some tokens as the next one, and of the likeliest, which is drawn."""
    found = logprobs(ids)
    drawn = max(range(VOCABULARY), key=lambda token: found[token])
    told = {f"token_id:{token}": found[token] for token in (drawn, *asked)}
    return {
        "tokens": [f"token_id:{drawn}"],
        "token_logprobs": [found[drawn]],
        "top_logprobs": [told],
    }


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
