"""The good answers of the simulated server, whole or as a stream of events."""

from __future__ import annotations

import re
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

import msgspec
from msgspec import Struct

from tts.backends.fault_server.paths import ServedRequest, next_logprobs, prompt_logprobs
from tts.backends.fault_server.plan import FaultPlan
from tts.backends.fault_server.quirks import coloured, priced

DONE = b"data: [DONE]\n\n"
_PIECE = re.compile(r"\s*\S+|\s+\Z")
_WORDS = [
    "so",
    "we",
    "add",
    "the",
    "first",
    "two",
    "numbers",
    "and",
    "then",
    "take",
    "half",
    "of",
    "what",
    "is",
    "left",
    "over",
    "to",
    "find",
    "that",
    "each",
    "side",
    "must",
    "equal",
    "four",
    "times",
    "seven",
    "minus",
    "nine",
    "which",
    "gives",
    "twenty",
    "by",
    "symmetry",
]


def draws(asked: ServedRequest, plan: FaultPlan) -> list[ServedDraw]:
    """The draws of a request: functions of prompt, seed and place alone."""
    text, seed = asked.text, asked.seed or 0
    keep = plan.dialect == "vllm" and asked.include_stop_str_in_output
    return [
        served_draw(
            written(text, seed, place, plan),
            asked.stops,
            asked.ceiling(heeds_newer=not plan.unheeded),
            keep_stop=keep,
        )
        for place in range(asked.n)
    ]


def reply(asked: ServedRequest, plan: FaultPlan) -> dict[str, Any]:
    """The reply's JSON object."""
    drawn = draws(asked, plan)
    chat = asked.messages is not None
    whole: dict[str, Any] = {
        "id": "fault-1",
        "object": "chat.completion" if chat else "text_completion",
        "created": 1,
        "model": asked.model,
        "choices": [choice(index, draw, asked, plan) for index, draw in enumerate(drawn)],
    }
    if plan.reports_usage:
        whole["usage"] = usage(asked, billed(drawn, plan), plan)
    return whole | beside(drawn[-1], asked, plan)


def billed(drawn: Sequence[ServedDraw], plan: FaultPlan) -> int:
    """Completion tokens of the bill."""
    counted = drawn[:1] if plan.dialect == "llama_cpp" else drawn
    return sum(draw.tokens for draw in counted)


def bill_of(asked: ServedRequest, drawn: Sequence[ServedDraw], plan: FaultPlan) -> int:
    """Tokens that a request really takes, prompt and draws together."""
    total: int = usage(asked, sum(draw.tokens for draw in drawn), plan)["total_tokens"]
    return total


def beside(draw: ServedDraw, asked: ServedRequest, plan: FaultPlan) -> dict[str, Any]:
    """What llama.cpp adds to a reply, or to the last chunk of one, where it is to be verbose."""
    if plan.dialect != "llama_cpp" or not asked.verbose:
        return {}
    return {"__verbose": {"content": draw.text, "stopping_word": draw.stop or ""}}


def choice(index: int, draw: ServedDraw, asked: ServedRequest, plan: FaultPlan) -> dict[str, Any]:
    """One draw as a choice of the reply."""
    told: dict[str, Any] = {"index": index, "finish_reason": draw.finish_reason}
    if asked.messages is None:
        told["text"] = draw.text
    else:
        echo = asked.continued if plan.dialect == "llama_cpp" else ""
        told["message"] = {"role": "assistant", "content": echo + draw.text}
        if plan.calls_tool and asked.may_call:
            told["message"] = {
                "role": "assistant",
                "content": None,
                "tool_calls": [_call(asked, plan)],
            }
            told["finish_reason"] = "tool_calls"
    if plan.dialect == "vllm":
        told["stop_reason"] = draw.stop if plan.names_stop else None
        if asked.return_token_ids:
            told["token_ids"] = list(range(draw.tokens))
        if asked.prompt_logprobs is not None and isinstance(asked.prompt, list):
            told["prompt_logprobs"] = prompt_logprobs(asked.prompt, asked.prompt_logprobs)
    if plan.supports_logprobs and asked.wants_logprobs:
        told["logprobs"] = logprobs(draw.text, asked)
    if plan.names_ids and asked.logprob_token_ids and isinstance(asked.prompt, list):
        told["logprobs"] = next_logprobs(asked.prompt, asked.logprob_token_ids)
    return coloured(told, draw.stop, plan)


def _call(asked: ServedRequest, plan: FaultPlan) -> dict[str, Any]:
    arguments = msgspec.json.encode({"of": asked.text.split()[-1]}).decode()
    function = {"name": plan.calls_tool, "arguments": arguments}
    return {"id": f"call_{asked.seed or 0}", "type": "function", "function": function}


def usage(asked: ServedRequest, completion_tokens: int, plan: FaultPlan) -> dict[str, Any]:
    """The bill: a token per word of prompt and draws, plus the thoughts."""
    prompt = len(asked.text.split()) + 1
    thoughts = plan.reasoning_tokens * asked.n
    completion = completion_tokens + thoughts
    bill: dict[str, Any] = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }
    if thoughts:
        bill["completion_tokens_details"] = {"reasoning_tokens": thoughts}
    return priced(bill, plan)


def logprobs(text: str, asked: ServedRequest) -> dict[str, Any]:
    """Log-probabilities that fall with a token's place."""
    tokens = pieces(text)
    values = [-0.01 * (place % 7 + 1) for place in range(len(tokens))]
    if asked.messages is None:
        return {"tokens": tokens, "token_logprobs": values, "top_logprobs": None}
    return {
        "content": [
            {
                "token": token,
                "logprob": value,
                "top_logprobs": [
                    {
                        "token": token if rank == 0 else f"alternative {rank}",
                        "logprob": value - rank,
                    }
                    for rank in range(asked.top_logprobs)
                ],
            }
            for token, value in zip(tokens, values, strict=True)
        ]
    }


def stream_events(
    asked: ServedRequest, drawn: Sequence[ServedDraw], plan: FaultPlan
) -> list[bytes]:
    """The events of an answer, draws taking turns token by token, `[DONE]` last."""
    options = asked.stream_options
    counts = bool(options and options.continuous_usage_stats and plan.reports_usage)
    tokens = [pieces(draw.text) or [""] for draw in drawn]
    told: list[bytes] = []
    for place in range(max(map(len, tokens))):
        for index, parts in enumerate(tokens):
            if place >= len(parts):
                continue
            last = place == len(parts) - 1
            chunk = _chunk(asked, index, parts[place], drawn[index] if last else None, plan)
            if plan.supports_logprobs and asked.wants_logprobs:
                whole = logprobs(drawn[index].text, asked)
                own = {name: found[place : place + 1] for name, found in whole.items() if found}
                chunk["choices"][0]["logprobs"] = own
            if counts:
                chunk["usage"] = usage(asked, len(told) + 1, plan)
            told.append(_event(chunk))
    if options and options.include_usage and plan.reports_usage:
        bill = usage(asked, billed(drawn, plan), plan)
        told.append(_event({"choices": [], "usage": bill}))
    return [*told, DONE]


def _chunk(
    asked: ServedRequest, index: int, text: str, ended: ServedDraw | None, plan: FaultPlan
) -> dict[str, Any]:
    choice: dict[str, Any] = {"index": index, "finish_reason": None}
    if asked.messages is None:
        choice["text"] = text
    else:
        choice["delta"] = {"content": text}
    if ended is None:
        return {"choices": [choice]}
    choice["finish_reason"] = ended.finish_reason
    if plan.dialect == "vllm":
        choice["stop_reason"] = ended.stop
    coloured(choice, ended.stop, plan)
    return {"choices": [choice]} | beside(ended, asked, plan)


def _event(chunk: dict[str, Any]) -> bytes:
    return b"data: " + msgspec.json.encode(chunk) + b"\n\n"


class ServedDraw(Struct, gc=False):
    """What a draw came to."""

    text: str
    tokens: int
    finish_reason: str
    stop: str | None


def served_draw(
    whole: str, stops: Sequence[str], max_tokens: int, *, keep_stop: bool
) -> ServedDraw:
    """Cut a text at its first stop string, then at `max_tokens` tokens."""
    found = [(place, stop) for stop in stops if (place := whole.find(stop)) >= 0]
    place, stop = min(found, default=(len(whole), None))
    ended = whole[:place] + (stop or "")
    tokens = pieces(ended)
    if len(tokens) > max_tokens:
        cut = "".join(tokens[:max_tokens])
        return ServedDraw(cut, max_tokens, "length", None)
    text = ended if keep_stop or stop is None else whole[:place]
    return ServedDraw(text, max(1, len(tokens)), "stop", stop)


def written(prompt: str, seed: int, draw: int, plan: FaultPlan) -> str:
    """The whole text of a draw: the plan's own, what it says to such prompts, or the built-in one."""
    if plan.answer:
        return plan.answer(prompt, seed, draw)
    for held, said in plan.says.items():
        if held in prompt:
            return said.replace("{}", str(_digest(prompt, seed, draw)[0] % 10))
    return built_in_answer(prompt, seed, draw, plan.words)


def built_in_answer(prompt: str, seed: int, draw: int, words: int) -> str:
    """`words` words that depend on (prompt, seed, draw) alone, in steps with a boxed answer."""
    chosen = _digest(prompt, seed, draw)
    written = [_WORDS[chosen[i % 64] % len(_WORDS)] for i in range(max(0, words - 4))]
    for place in range(7, len(written), 8):
        written[place] += ".\n\n"
    text = " ".join(written).replace("\n\n ", "\n\n")
    return f"{text} answer is \\boxed{{{chosen[0] % 10}}} indeed"


def pieces(text: str) -> list[str]:
    """The tokens of a text: words, each with the white space before it."""
    return _PIECE.findall(text)


def _digest(prompt: str, seed: int, draw: int) -> bytes:
    salt = _salt(seed, draw)
    return blake2b(prompt.encode("utf-8", "replace"), digest_size=64, salt=salt).digest()


def _salt(seed: int, draw: int) -> bytes:
    return (seed % (1 << 64)).to_bytes(8, "little") + draw.to_bytes(8, "little")
