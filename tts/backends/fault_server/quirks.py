"""How servers differ from the API that they speak: what each `Quirk` of a plan does to an answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from tts.backends.fault_server.paths import ServedRequest
from tts.backends.fault_server.plan import FaultPlan

COST = 1.25e-4
"""Dollars of each answer with the quirk `costs`."""
_ENDS = {"stop": "eos_token"}


def refused(asked: ServedRequest, plan: FaultPlan) -> str:
    """Why a request gets status 400; empty where it is fine."""
    if asked.messages is None and asked.prompt is None:
        return "messages or prompt is required"
    if asked.n > 1 and not plan.supports_n:
        return "n must be 1"
    if asked.wants_logprobs and not plan.supports_logprobs:
        return "logprobs are not supported"
    if plan.ceiling == "max_completion_tokens" and asked.max_tokens is not None:
        return "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
    if plan.ceiling == "max_tokens" and asked.max_completion_tokens is not None:
        return "Unsupported parameter: 'max_completion_tokens'."
    if asked.continued and not plan.supports_prefill:
        return "the last message must come from the user"
    if "one_temperature" in plan.quirks:
        return _thinking(asked)
    return ""


def _thinking(asked: ServedRequest) -> str:
    if asked.temperature != 1:
        return "Unsupported value: 'temperature'. Only the default (1) value is supported."
    return "Unsupported parameter: 'stop'." if asked.stops else ""


def error(said: str, plan: FaultPlan) -> bytes:
    """The body of a refusal."""
    told: Any = {"error": {"message": said, "type": "invalid_request_error"}}
    if "own_ends" in plan.quirks:
        told = {"error": said, "error_type": "validation"}
    if "lists_errors" in plan.quirks:
        told = [{"error": {"code": 400, "message": said, "status": "INVALID_ARGUMENT"}}]
    return msgspec.json.encode(told)


def heeded(asked: ServedRequest, plan: FaultPlan) -> ServedRequest:
    """A request without what the server leaves unread."""
    if "ignores_n" in plan.quirks:
        asked.n = 1
    if "ignores_logprobs" in plan.quirks:
        asked.logprobs = None
    return asked


def coloured(choice: dict[str, Any], stop: str | None, plan: FaultPlan) -> dict[str, Any]:
    """A choice of an answer, or the last one of a draw in a stream, as the server writes it."""
    if "names_match" in plan.quirks:
        choice["matched_stop"] = stop
    if "filters" in plan.quirks:
        choice["content_filter_results"] = {"hate": {"filtered": False, "severity": "safe"}}
    if "own_ends" in plan.quirks:
        end = choice["finish_reason"]
        choice["finish_reason"] = "stop_sequence" if stop else _ENDS.get(end, end)
    return choice


def priced(bill: dict[str, Any], plan: FaultPlan) -> dict[str, Any]:
    return bill | {"cost": COST} if "costs" in plan.quirks else bill


def whole(body: bytes, plan: FaultPlan) -> bytes:
    """An answer in one piece: what waits aloud begins with blank lines."""
    return b"\n\n         \n" + body if "waits_aloud" in plan.quirks else body


def events(told: Sequence[bytes], plan: FaultPlan) -> Sequence[bytes]:
    """A stream with what the server sends before the first words."""
    if "waits_aloud" in plan.quirks:
        told = [b": OPENROUTER PROCESSING\n\n", b": OPENROUTER PROCESSING\n\n", *told]
    if "filters" in plan.quirks:
        first = {"choices": [], "prompt_filter_results": [{"prompt_index": 0}]}
        told = [b"data: " + msgspec.json.encode(first) + b"\n\n", *told]
    return told
