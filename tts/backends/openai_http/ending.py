"""How a draw ended, and by which stop string."""

from __future__ import annotations

from collections.abc import Sequence

from tts.values import FinishReason

_ENDED = frozenset({"stop", "eos", "eos_token", "end_turn", "stop_sequence", "complete"})
_TOOLS = frozenset({"tool_calls", "function_call", "tool_use"})
_LOST = frozenset({"abort", "error", "cancelled"})


def finish_reason(reported: str | None) -> FinishReason | None:
    """The reason in the project's words; None where the draw broke off and is lost.

    A missing or unknown reason counts as `length`: what is not known to have ended is never
    taken for finished.
    """
    word = (reported or "").lower()
    if word in _LOST:
        return None
    if word in _ENDED:
        return "stop"
    if word in _TOOLS:
        return "tool_calls"
    return "content_filter" if word in ("content_filter", "safety") else "length"


def with_stop(
    text: str, stops: Sequence[str], matched: str | int | None, reason: FinishReason
) -> tuple[str, str | None]:
    """The text with the stop string that ended it, and that string where it is known.

    A server that kept the string is recognised by the text, one that names it in its reply by
    that; one that cuts it off and says nothing leaves it unknown.
    """
    if reason != "stop" or not stops:
        return text, None
    kept = max((stop for stop in stops if text.endswith(stop)), key=len, default=None)
    if isinstance(matched, str) and matched in stops:
        return (text if text.endswith(matched) else text + matched), matched
    return text, kept
