"""A good answer as a stream of events."""

from __future__ import annotations

from typing import Any

import msgspec

from tts.backends.fault_server.answer import pieces
from tts.backends.fault_server.plan import FaultPlan
from tts.backends.fault_server.reply import draws, logprobs, usage
from tts.backends.fault_server.request import ServedRequest

DONE = b"data: [DONE]\n\n"


def stream_events(asked: ServedRequest, plan: FaultPlan) -> list[bytes]:
    """The events of an answer, draws taking turns token by token, `[DONE]` last."""
    drawn = draws(asked, plan)
    options = asked.stream_options
    counts = bool(options and options.continuous_usage_stats and plan.reports_usage)
    tokens = [pieces(draw.text) or [""] for draw in drawn]
    told: list[bytes] = []
    for place in range(max(map(len, tokens))):
        for index, parts in enumerate(tokens):
            if place >= len(parts):
                continue
            last = place == len(parts) - 1
            chunk = _chunk(asked, index, parts[place], drawn[index] if last else None)
            if plan.supports_logprobs and asked.wants_logprobs:
                whole = logprobs(drawn[index].text, asked)
                own = {name: found[place : place + 1] for name, found in whole.items() if found}
                chunk["choices"][0]["logprobs"] = own
            if counts:
                chunk["usage"] = usage(asked, len(told) + 1, plan)
            told.append(_event(chunk))
    if options and options.include_usage and plan.reports_usage:
        bill = usage(asked, sum(draw.tokens for draw in drawn), plan)
        told.append(_event({"choices": [], "usage": bill}))
    return [*told, DONE]


def _chunk(asked: ServedRequest, index: int, text: str, ended: Any) -> dict[str, Any]:
    choice: dict[str, Any] = {"index": index, "finish_reason": None}
    if asked.messages is None:
        choice["text"] = text
    else:
        choice["delta"] = {"content": text}
    if ended is not None:
        choice |= {"finish_reason": ended.finish_reason, "stop_reason": ended.stop}
    return {"choices": [choice]}


def _event(chunk: dict[str, Any]) -> bytes:
    return b"data: " + msgspec.json.encode(chunk) + b"\n\n"
