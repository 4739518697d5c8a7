"""What the three requests of the API may hold, as types; everything else is refused or ignored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from msgspec import Struct, field

from tts.gateway.errors import ApiError, bad

B = TypeVar("B")
Stop = str | list[str] | None


class OwnFields(Struct, forbid_unknown_fields=True):
    """What this gateway understands beyond the API: `extra_body={"tts": {…}}`."""

    strategy: str = ""
    budget: str = ""
    task: str = ""


class StreamOptions(Struct):
    """Of a stream."""

    include_usage: bool = False


class Common(Struct, kw_only=True):
    """The fields that all three have."""

    model: str = ""
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    user: Any = None
    tts: OwnFields = field(default_factory=OwnFields)


class Drawn(Common, kw_only=True):
    """The fields that chats and completions share besides."""

    n: int | None = None
    max_tokens: int | None = None
    stop: Stop = None
    seed: int | None = None


class Turn(Struct, kw_only=True):
    """A message of a conversation."""

    role: str
    content: str | list[dict[str, Any]] | None = None
    tool_calls: list[dict[str, Any]] | None = None
    tool_call_id: str | None = None


class ChatBody(Drawn, kw_only=True):
    """A body of `/v1/chat/completions`."""

    messages: list[Turn]
    max_completion_tokens: int | None = None
    logprobs: bool | None = None
    tools: list[dict[str, Any]] | None = None
    response_format: dict[str, Any] | None = None


class CompletionBody(Drawn, kw_only=True):
    """A body of `/v1/completions`."""

    prompt: str | list[str]
    logprobs: int | None = None
    echo: bool | None = None
    suffix: str | None = None
    best_of: int | None = None


class Effort(Struct):
    """`reasoning` of a response."""

    effort: str | None = None


class TextFormat(Struct):
    """`text` of a response."""

    format: dict[str, Any] | None = None
    verbosity: str | None = None


class ResponseBody(Common, kw_only=True):
    """A body of `/v1/responses`."""

    input: str | list[dict[str, Any]]
    instructions: str | None = None
    max_output_tokens: int | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: Any = None
    parallel_tool_calls: bool | None = None
    reasoning: Effort | None = None
    text: TextFormat | None = None
    previous_response_id: str | None = None
    conversation: Any = None
    background: bool | None = None


_RAW = msgspec.json.Decoder(dict[str, Any])

PASSED = (
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "response_format",
    "reasoning_effort",
    "verbosity",
    "presence_penalty",
    "frequency_penalty",
    "logit_bias",
    "min_p",
    "repetition_penalty",
    "thinking_token_budget",
    "repetition_detection",
    "priority",
    "chat_template_kwargs",
    "reasoning",
    "thinking",
)
"""Fields of chat and completions that go on to the model's server as they stand."""
REFUSED = (
    "audio",
    "functions",
    "function_call",
    "logprobs",
    "modalities",
    "prediction",
    "top_logprobs",
    "web_search_options",
)
"""Fields of a chat that would change the answer, and that nothing here carries out."""


def decoded(body: bytes, kind: type[B]) -> tuple[B, dict[str, Any]]:
    """The typed body, and the JSON object that it was read from; raises `ApiError`."""
    try:
        raw = _RAW.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise bad(f"The body is no JSON object: {error}.", code="invalid_json") from None
    for name in OwnFields.__struct_fields__:
        if name in raw:  # left unsaid, a ceiling that is asked for would be none
            raise bad(f'{name} stands in tts: {{"tts": {{"{name}": …}}}}.', param=name)
    try:
        return msgspec.convert(raw, kind), raw
    except (msgspec.ValidationError, RecursionError) as error:
        raise misfit(error) from None


def misfit(error: Exception) -> ApiError:
    """400 for a field that is not what it has to be, by its name."""
    said, _, place = str(error).partition(" - at `$")
    param = place.strip("`.") or None
    return bad(f"{f'{param}: ' if param else ''}{said}.", param=param)


def passed(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that the model's server is to see."""
    return {name: raw[name] for name in PASSED if raw.get(name) not in (None, [], {}, "")}


def refuse(raw: Mapping[str, Any], names: tuple[str, ...]) -> None:
    """400 for a field that is set and not supported."""
    for name in names:
        if raw.get(name) not in (None, False, [], {}, ["text"]):
            raise bad(f"{name} is not supported by this gateway.", param=name, code="unsupported")


def text_of(content: Any, where: str) -> str:
    """The text of a content; 400 for parts that are no text."""
    if content is None or isinstance(content, str):
        return content or ""
    texts = []
    for part in content:
        text = part.get("text", part.get("refusal"))
        if not isinstance(text, str):
            kind = part.get("type", "unknown")
            raise bad(f"{where}: parts of type {kind!r} are not supported.", param="messages")
        texts.append(text)
    return "".join(texts)


def stops(told: Stop) -> tuple[str, ...]:
    """The stop strings of a request; 400 for an empty one, which every text begins with."""
    found = (told,) if isinstance(told, str) else tuple(told or ())
    if "" in found:
        raise bad("stop: an empty text ends every draw at once.", param="stop")
    return found
