"""What is read of a server's reply: its JSON, how a draw ended and the log-probabilities."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, zip_longest
from math import isnan
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from tts.errors import BadReply, Unavailable
from tts.values import ENDED, FinishReason, FunctionCall, TokenLogprob, ToolCall

T = TypeVar("T")
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
            "repetition",
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
FLOOR = -9999.0
"""Stands for minus infinity, as in vLLM's replies."""


class TopLogprob(Struct, gc=False):
    """An alternative to a chosen token."""

    token: str = ""
    logprob: float | None = None


class TokenEntry(Struct, gc=False):
    """A chosen token of a chat reply."""

    token: str = ""
    logprob: float | None = None
    top_logprobs: list[TopLogprob] | None = None


class WireLogprobs(Struct):
    """Chat replies fill `content`; completion replies the three parallel lists."""

    content: list[TokenEntry] | None = None
    tokens: list[str] | None = None
    token_logprobs: list[float | None] | None = None
    top_logprobs: list[dict[str, float | None] | None] | None = None


class WireMessage(Struct):
    """A chat turn, or what a streamed chunk adds to it."""

    content: str | list[Any] | None = None
    """Text, or a list of strings and typed parts."""
    reasoning_content: Any = None
    reasoning: Any = None
    refusal: Any = None
    tool_calls: Any = None


class WireChoice(Struct):
    """One draw, or what a streamed chunk adds to it."""

    index: int | None = None
    message: WireMessage | None = None
    delta: WireMessage | None = None
    text: str | None = None
    finish_reason: Any = None
    stop_reason: Any = None
    matched_stop: Any = None
    logprobs: WireLogprobs | None = None
    token_ids: list[int] | None = None


class WireVerbose(Struct):
    """What llama.cpp says beside its one draw where it is asked to be verbose."""

    stopping_word: str = ""


class WireReply(Struct):
    """A reply of `/chat/completions` or `/completions`, or a chunk of one."""

    choices: list[WireChoice | None] | None = None
    usage: Any = None
    error: Any = None
    verbose: WireVerbose | None = msgspec.field(default=None, name="__verbose")

    def __post_init__(self) -> None:
        if self.verbose is not None and self.choices and self.choices[0] is not None:
            self.choices[0].matched_stop = self.verbose.stopping_word or None


REPLY: msgspec.json.Decoder[WireReply] = msgspec.json.Decoder(WireReply)


def decode(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    """The typed value of a body.

    What strict JSON refuses (NaN and infinities, invalid UTF-8, lone surrogates, a byte order
    mark) is read by the lenient decoder, broken characters becoming U+FFFD. Raises `Unavailable`
    for a body that ends early and `BadReply` for one that is not the expected JSON.
    """
    try:
        return decoder.decode(body)
    except RecursionError:
        raise BadReply("The reply is nested too deeply.") from None
    except ValueError as error:
        strict = error
    try:
        loaded = json.loads(body.decode("utf-8", "replace").lstrip("\ufeff"))
    except (ValueError, RecursionError):
        raise _unreadable(strict, body) from None
    try:
        found: T = msgspec.convert(_clean(loaded), decoder.type, strict=False)
    except (msgspec.ValidationError, RecursionError) as error:
        raise BadReply(f"The reply has an unexpected shape: {error}") from None
    return found


def _unreadable(error: ValueError, body: bytes) -> BadReply | Unavailable:
    if "truncated" in str(error):
        return Unavailable(f"The reply ends early, after {len(body)} bytes.")
    return BadReply(f"The reply is not JSON: {body[:80].decode('utf-8', 'replace')!r}")


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    return value


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


def tool_calls(choice: WireChoice) -> tuple[ToolCall, ...]:
    """The functions that the model calls; what has no name is no call."""
    listed = choice.message.tool_calls if choice.message is not None else None
    calls = listed if isinstance(listed, list) else []
    found = [_tool_call(place, one) for place, one in enumerate(calls)]
    return tuple(one for one in found if one is not None)


def _tool_call(place: int, told: Any) -> ToolCall | None:
    function = told.get("function") if isinstance(told, dict) else None
    if not isinstance(function, dict):
        return None
    name, given, id = function.get("name"), function.get("arguments"), told.get("id")
    if not isinstance(name, str) or not name:
        return None
    arguments = given if isinstance(given, str) else msgspec.json.encode(given or {}).decode()
    named = id if isinstance(id, str) and id else f"call_{place}"
    return ToolCall(named, FunctionCall(name, arguments))


def cut_echo(reply: WireReply, prefix: str) -> None:
    """Take the partial answer off the draws, which llama.cpp repeats in whole replies only."""
    for choice in reply.choices or ():
        if choice is not None and choice.message is not None:
            choice.message.content = content(choice).removeprefix(prefix)


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


def token_logprobs(wire: WireLogprobs | None) -> tuple[TokenLogprob, ...]:
    """The chosen tokens with their alternatives, most likely first.

    Infinities are clamped to [-9999, 0] and alternatives without a number are left out. Where a
    chosen token has none (null or NaN; the first token of an echoed prompt excepted) the whole
    sequence counts as not reported: a mean over a gap would be wrong.
    """
    if wire is None:
        return ()
    tokens = [
        (token, _finite(logprob), _ranked(top))
        for token, logprob, top in chain(_of_chat(wire), _of_completion(wire))
    ]
    if tokens and tokens[0][1] is None:
        del tokens[0]
    kept = tuple(
        TokenLogprob(token, logprob, top) for token, logprob, top in tokens if logprob is not None
    )
    return kept if len(kept) == len(tokens) else ()


_Pairs = Iterable[tuple[str, float | None]]


def _of_chat(wire: WireLogprobs) -> Iterator[tuple[str, float | None, _Pairs]]:
    for entry in wire.content or ():
        top = entry.top_logprobs or ()
        yield entry.token, entry.logprob, [(other.token, other.logprob) for other in top]


def _of_completion(wire: WireLogprobs) -> Iterator[tuple[str, float | None, _Pairs]]:
    tokens, values = wire.tokens or (), wire.token_logprobs or ()
    for token, value, top in zip_longest(tokens, values, wire.top_logprobs or ()):
        if token is not None:
            yield token, value, (top or {}).items()


def _ranked(pairs: _Pairs) -> tuple[tuple[str, float], ...]:
    known = [(token, value) for token, raw in pairs if (value := _finite(raw)) is not None]
    return tuple(sorted(known, key=lambda pair: -pair[1]))


def _finite(value: float | None) -> float | None:
    if value is None or isnan(value):
        return None
    return min(0.0, max(FLOOR, value))
