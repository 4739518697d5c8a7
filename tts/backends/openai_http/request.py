"""What is asked of the server."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from tts.errors import BadRequest
from tts.protocols import GenerateRequest, Guide
from tts.values import Capabilities, Message, Sampling

Endpoint = Literal["chat", "completions"]
Dialect = Literal["openai", "vllm", "llama_cpp"]
"""`vllm` and `llama_cpp` add what these servers understand beyond the OpenAI API."""

Template = Callable[[Sequence[Message]], str]
"""The messages as one text that ends where the assistant's turn begins."""


def plain_template(messages: Sequence[Message]) -> str:
    """The contents alone, for models without a chat template."""
    return "\n\n".join(message.content for message in messages)


VLLM_HINTS = frozenset({"priority", "repetition_detection"})
"""Fields without which an answer is the same, but for when it comes or how long it goes in circles."""

_MARK = 7_770_777_077_770_777_077
_MARKED = b'"seed":%d' % _MARK
_REMEMBERED = 64


class Wording(Struct, frozen=True, kw_only=True):
    """How requests to one endpoint are written."""

    model: str
    endpoint: Endpoint = "chat"
    dialect: Dialect = "openai"
    capabilities: Capabilities = Capabilities()
    template: Template = plain_template
    """Used by the `completions` endpoint."""
    extra: Mapping[str, Any] = {}
    """Further fields of every request; they win over all others."""

    @property
    def path(self) -> str:
        return "/chat/completions" if self.endpoint == "chat" else "/completions"


class Bodies:
    """Requests as JSON. Draws of one prompt differ in their seed alone: the rest is written once.

    Raises `BadRequest` for what the endpoint is known to lack.
    """

    def __init__(self, wording: Wording) -> None:
        self._wording = wording
        self._seeded = wording.capabilities.seed and "seed" not in wording.extra
        self._known: OrderedDict[tuple[Any, ...], tuple[GenerateRequest, bytes, bytes]] = (
            OrderedDict()
        )
        """By the identity of what is asked, which is kept so that no other takes its place: what
        stands before the seed and after it."""

    def whole(self, request: GenerateRequest) -> bytes:
        """For an answer in one piece."""
        if not self._seeded or len(request.seeds) != 1:
            return self._written(request)
        own = (id(request.messages), id(request.sampling), id(request.fields))
        key = (*own, request.prefix, request.guide)
        known = self._known.get(key)
        if known is None:
            before, found, after = self._written(replace(request, seeds=(_MARK,))).partition(
                _MARKED
            )
            if not found or _MARKED in after:
                return self._written(request)
            known = self._known[key] = (request, before, after)
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return b'%b"seed":%d%b' % (known[1], request.seeds[0], known[2])

    def streamed(self, request: GenerateRequest) -> bytes:
        """For an answer in pieces."""
        return self._written(request, stream=True)

    def _written(self, request: GenerateRequest, *, stream: bool = False) -> bytes:
        refuse_impossible(request, self._wording)
        return msgspec.json.encode(fields(request, self._wording, stream=stream))


def refuse_impossible(request: GenerateRequest, wording: Wording) -> None:
    """Raise `BadRequest` for a request that this endpoint cannot answer."""
    can = wording.capabilities
    if len(request.seeds) > 1 and not can.n:
        raise BadRequest("This endpoint returns one draw per request (capability `n` is off).")
    if request.prefix and not can.prefill:
        raise BadRequest("This endpoint cannot continue a partial answer (`prefill` is off).")
    if request.sampling.logprobs is not None and not can.logprobs:
        raise BadRequest("This endpoint reports no log-probabilities (`logprobs` is off).")


def fields(request: GenerateRequest, wording: Wording, *, stream: bool) -> dict[str, Any]:
    """The request's JSON object."""
    can, sampling = wording.capabilities, request.sampling
    ceiling = "max_completion_tokens" if can.max_completion_tokens else "max_tokens"
    asked: dict[str, Any] = {"model": wording.model, ceiling: sampling.max_tokens}
    asked |= _prompt(request, wording)
    asked |= _sampling(sampling, wording)
    first, *others = request.seeds
    if others:
        asked["n"] = 1 + len(others)
    if can.seed:
        asked["seed"] = first
    if request.guide is not None:
        asked |= _guided(request.guide, wording.dialect)
    if stream:
        asked |= _streaming(wording)
    return asked | _further(request.fields, wording.dialect) | dict(wording.extra)


def _further(fields: Mapping[str, Any], dialect: Dialect) -> dict[str, Any]:
    """Fields as they stand, but for hints that only vLLM knows and others would refuse."""
    if dialect == "vllm":
        return dict(fields)
    return {name: told for name, told in fields.items() if name not in VLLM_HINTS}


def _prompt(request: GenerateRequest, wording: Wording) -> dict[str, Any]:
    if wording.endpoint == "completions":
        return {"prompt": wording.template(request.messages) + request.prefix}
    if not request.prefix:
        return {"messages": request.messages}
    turns = [*request.messages, Message("assistant", request.prefix)]
    asked: dict[str, Any] = {"messages": turns}
    if wording.dialect == "vllm":
        asked |= {"continue_final_message": True, "add_generation_prompt": False}
    return asked


def _sampling(sampling: Sampling, wording: Wording) -> dict[str, Any]:
    """Sampling fields: the API's own defaults are left out; vLLM's depend on the model, and
    llama.cpp's cut the distribution."""
    own = wording.dialect != "openai"
    asked: dict[str, Any] = {}
    if own or sampling.temperature != 1.0:
        asked["temperature"] = sampling.temperature
    if own or sampling.top_p != 1.0:
        asked["top_p"] = sampling.top_p
    if own or sampling.top_k:
        asked["top_k"] = sampling.top_k or -1
    if sampling.stop:
        asked["stop"] = sampling.stop
    return asked | _beyond(sampling, wording.dialect) | _logprobs(sampling, wording.endpoint)


def _beyond(sampling: Sampling, dialect: Dialect) -> dict[str, Any]:
    """What a server must be told so that it cuts nothing off unasked and says what it stopped at."""
    match dialect:
        case "openai":
            return {}
        case "vllm":
            return {"include_stop_str_in_output": True, "return_token_ids": True}
        case "llama_cpp":
            return {"min_p": 0.0} | ({"verbose": True} if sampling.stop else {})


def _guided(guide: Guide, dialect: Dialect) -> dict[str, Any]:
    """What keeps the draw to a schema or grammar; OpenAI's own servers take no grammars."""
    if guide.kind == "grammar":
        match dialect:
            case "openai":
                return {}
            case "vllm":
                return {"structured_outputs": {"grammar": guide.content}}
            case "llama_cpp":
                return {"grammar": guide.content}
    schema = {"name": "plan", "schema": msgspec.json.decode(guide.content)}
    return {"response_format": {"type": "json_schema", "json_schema": schema}}


def _logprobs(sampling: Sampling, endpoint: Endpoint) -> dict[str, Any]:
    if sampling.logprobs is None:
        return {}
    if endpoint == "completions":
        return {"logprobs": sampling.logprobs}
    return {"logprobs": True, "top_logprobs": sampling.logprobs}


def _streaming(wording: Wording) -> dict[str, Any]:
    options = {"include_usage": True}
    if wording.dialect == "vllm":
        options["continuous_usage_stats"] = True
    return {"stream": True, "stream_options": options}
