"""How a draw ended, and by which stop string."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tts.backends.openai_http.wire import WireChoice, WireMessage
from tts.values import ENDED, FinishReason

_WORDS: dict[FinishReason, frozenset[str]] = {
    "stop": frozenset(
        {"stop", "eos", "eos_token", "end_turn", "stop_sequence", "complete", "completed", "end"}
    ),
    "length": frozenset(
        {
            "length",
            "max_tokens",
            "max_completion_tokens",
            "max_output_tokens",
            "model_length",
            "model_context_window_exceeded",
        }
    ),
    "tool_calls": frozenset({"tool_calls", "tool_call", "function_call", "tool_use"}),
    "content_filter": frozenset(
        {
            "content_filter",
            "content_filtered",
            "safety",
            "recitation",
            "blocklist",
            "prohibited_content",
            "spii",
        }
    ),
    "refusal": frozenset({"refusal"}),
}
_REASONS: dict[str, FinishReason] = {
    word: reason for reason, words in _WORDS.items() for word in words
}
_LOST = frozenset({"abort", "aborted", "error", "cancelled", "canceled"})


def finish_reason(reported: Any) -> FinishReason | None:
    """The reason in the project's words; None where the draw broke off and is lost.

    A missing, empty or unknown word is `unknown`: neither an end of its own nor a cut.
    """
    word = reported.strip().lower() if isinstance(reported, str) else ""
    unknown: FinishReason = "unknown"
    return None if word in _LOST else _REASONS.get(word, unknown)


def ending(choice: WireChoice, *, tokens: int, most: int) -> FinishReason | None:
    """How a choice of so many tokens ended; None where it broke off and is lost.

    Where the server does not say, a draw that reached `most` tokens was cut. An answer that was
    refused, or that stands in the thoughts alone, is no answer, whatever the server calls it.
    """
    reason = finish_reason(choice.finish_reason)
    if reason == "unknown" and tokens >= most:
        return "length"
    if reason not in ENDED or content(choice).strip():
        return reason
    if reason == "unknown" and choice.message is not None and choice.message.tool_calls:
        return "tool_calls"
    if refused(choice):
        return "refusal"
    return "reasoning_only" if thoughts(choice) else reason


def with_stop(
    text: str, stops: Sequence[str], matched: Any, reason: FinishReason
) -> tuple[str, str | None]:
    """The text with the stop string that ended it, and that string where it is known.

    A server that kept the string is recognised by the text, one that names it in its reply by
    that; one that cuts it off and says nothing leaves it unknown.
    """
    if reason not in ENDED or not stops:
        return text, None
    kept = max((stop for stop in stops if text.endswith(stop)), key=len, default=None)
    if isinstance(matched, str) and matched in stops:
        return (text if text.endswith(matched) else text + matched), matched
    return text, kept


def written(choice: WireChoice) -> str:
    """The text of a choice, the words of a refusal included; a reply of thoughts has none."""
    return content(choice) or refused(choice)


def content(choice: WireChoice) -> str:
    """What was answered."""
    if choice.message is None or choice.message.content is None:
        return choice.text or ""
    if isinstance(choice.message.content, str):
        return choice.message.content
    return _parts(choice.message, ("text", "output_text"), "text")


def thoughts(choice: WireChoice) -> str | None:
    """The reasoning that came beside the text."""
    message = choice.message
    if message is None:
        return None
    for told in (message.reasoning_content, message.reasoning):
        if isinstance(told, str) and told:
            return told
    if not isinstance(message.content, list):
        return None
    return _parts(message, ("thinking",), "thinking") or _parts(message, ("reasoning",), "text")


def refused(choice: WireChoice) -> str:
    """The words of a refusal; empty where there is none."""
    message = choice.message
    if message is None:
        return ""
    if isinstance(message.refusal, str):
        return message.refusal
    return _parts(message, ("refusal",), "refusal")


def _parts(message: WireMessage, kinds: tuple[str, ...], field: str) -> str:
    """The texts of all parts of some kinds; a bare string is a text."""
    listed = message.content if isinstance(message.content, list) else []
    texts = list[str]()
    for part in listed:
        if isinstance(part, str) and "text" in kinds:
            texts.append(part)
        elif isinstance(part, dict) and part.get("type", "text") in kinds:
            texts.append(_text(part.get(field)))
    return "".join(texts)


def _text(told: Any) -> str:
    """A part's text, which may itself be a list of parts."""
    if isinstance(told, str):
        return told
    if not isinstance(told, list):
        return ""
    return "".join(part["text"] for part in told if _is_text(part))


def _is_text(part: Any) -> bool:
    return isinstance(part, dict) and isinstance(part.get("text"), str)
