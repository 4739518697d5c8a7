"""What the simulated server does not support."""

from __future__ import annotations

from tts.backends.fault_server.plan import FaultPlan
from tts.backends.fault_server.request import ServedRequest


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
    last = asked.messages[-1].role if asked.messages else ""
    if last == "assistant" and not plan.supports_prefill:
        return "the last message must come from the user"
    return ""
