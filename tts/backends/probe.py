"""Finding out what an endpoint supports, by asking it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from tts.backends.openai_http.body import Dialect
from tts.backends.openai_http.connection import Connection
from tts.backends.openai_http.decode import decode
from tts.errors import BadReply, BadRequest, CallError, NotSent, Unauthorized
from tts.values import Capabilities

_ANY: msgspec.json.Decoder[dict[str, Any]] = msgspec.json.Decoder(dict[str, Any])
_COUNT = "Count from one to five in words, separated by single spaces, and nothing else."
_PREFIX = "one two three"
_TINY = 16
"""Completion tokens of each question: the least that some servers accept."""


class Probed(Struct, frozen=True, kw_only=True):
    """What an endpoint was found to support, and what stayed in doubt."""

    capabilities: Capabilities
    dialect: Dialect = "openai"
    context_length: int | None = None
    """Tokens, where the server's list of models says it."""
    models: tuple[str, ...] = ()
    """Ids that the server lists; empty where it lists none."""
    notes: tuple[str, ...] = ()
    """Why a capability is off, in the server's words where it said something."""


class _Answers(Struct, frozen=True):
    """The replies to the questions; empty where one was refused."""

    plain: dict[str, Any]
    n: dict[str, Any]
    seed: dict[str, Any]
    logprobs: dict[str, Any]
    stop: dict[str, Any]
    prefill: dict[str, Any]


async def probe(connection: Connection, *, model: str) -> Probed:
    """Ask eight tiny questions at most, of 16 tokens each.

    Raises `NotSent` where nobody answers at that address, `Unauthorized` for a wrong key and
    `BadRequest` where even a plain question is refused. What fails in any other way is off.
    `seed` means that the server accepts one, not that it heeds it.
    """
    listed = await _models(connection)
    own = next((item for item in listed if item.get("id") == model), {})
    vllm = any(item.get("owned_by") == "vllm" for item in listed)
    asking = _Asking(connection, model=model)
    ceiling = await asking.ceiling()
    answers = await _asked(asking, vllm)
    length = own.get("max_model_len") or own.get("context_length")
    return Probed(
        capabilities=_capabilities(answers, ceiling),
        dialect="vllm" if vllm else "openai",
        context_length=length if isinstance(length, int) else None,
        models=tuple(str(item.get("id")) for item in listed),
        notes=tuple(asking.notes),
    )


async def _asked(asking: _Asking, vllm: bool) -> _Answers:
    keep = {"include_stop_str_in_output": True} if vllm else {}
    plain = await asking.ask({})
    tried = await asyncio.gather(
        asking.tried("n", {"n": 2}),
        asking.tried("seed", {"seed": 7}),
        asking.tried("logprobs", {"logprobs": True, "top_logprobs": 1}),
        asking.tried("stop", {"stop": ["three"]} | keep),
        asking.tried("prefill", _prefilled(vllm)),
    )
    return _Answers(plain, *tried)


def _capabilities(answers: _Answers, ceiling: str) -> Capabilities:
    return Capabilities(
        n=len(_choices(answers.n)) == 2,
        prefill=_continues(answers.prefill),
        logprobs=bool(_choice(answers.logprobs).get("logprobs")),
        seed=bool(answers.seed),
        keeps_stop=_keeps(answers.stop, "three"),
        max_completion_tokens=ceiling == "max_completion_tokens",
        reports_usage=_reports(answers.plain),
        reasoning=_reasons(answers.plain),
    )


class _Asking:
    """Questions to one model of one server."""

    def __init__(self, connection: Connection, *, model: str) -> None:
        self._connection = connection
        self._model = model
        self._ceiling = "max_completion_tokens"
        self.notes: list[str] = []

    async def ceiling(self) -> str:
        """Which field bounds the length: the newer one where the server takes it."""
        try:
            await self.ask({})
        except Unauthorized:
            raise
        except BadRequest as error:
            self.notes.append(f"max_completion_tokens: {error}")
            self._ceiling = "max_tokens"
        return self._ceiling

    async def ask(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """A reply to the standard question with further fields."""
        body = {
            "model": self._model,
            "messages": [{"role": "user", "content": _COUNT}],
            self._ceiling: _TINY,
        }
        sent = msgspec.json.encode(body | dict(fields))
        reply = decode(_ANY, await self._connection.post("/chat/completions", sent))
        if not _choices(reply):
            raise BadReply(f"The server answered without a choice: {str(reply)[:200]}")
        return reply

    async def tried(self, name: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """A reply, or nothing and a note."""
        try:
            return await self.ask(fields)
        except CallError as error:
            self.notes.append(f"{name}: {error}")
            return {}


async def _models(connection: Connection) -> list[dict[str, Any]]:
    """The listed models; an unreachable server or a wrong key ends the probe here."""
    try:
        listed = decode(_ANY, await connection.fetch("/models")).get("data")
    except NotSent as error:
        raise NotSent(f"No server answers at {connection.base_url}: {error}") from None
    except Unauthorized:
        raise
    except CallError:
        return []
    return [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []


def _prefilled(vllm: bool) -> dict[str, Any]:
    turns = [
        {"role": "user", "content": _COUNT},
        {"role": "assistant", "content": _PREFIX},
    ]
    flags = {"continue_final_message": True, "add_generation_prompt": False} if vllm else {}
    return {"messages": turns} | flags


def _choices(reply: Mapping[str, Any]) -> list[dict[str, Any]]:
    listed = reply.get("choices")
    return [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []


def _choice(reply: Mapping[str, Any]) -> dict[str, Any]:
    return next(iter(_choices(reply)), {})


def _text(reply: Mapping[str, Any]) -> str:
    message = _choice(reply).get("message")
    content = message.get("content") if isinstance(message, dict) else None
    return content if isinstance(content, str) else ""


def _continues(reply: Mapping[str, Any]) -> bool:
    """Whether the answer goes on after the prefix instead of beginning anew."""
    text = _text(reply).strip().lower()
    return bool(text) and not text.startswith("one")


def _keeps(reply: Mapping[str, Any], stop: str) -> bool:
    choice = _choice(reply)
    named = stop in (choice.get("stop_reason"), choice.get("matched_stop"))
    return named or _text(reply).endswith(stop)


def _reports(reply: Mapping[str, Any]) -> bool:
    usage = reply.get("usage")
    if not isinstance(usage, dict):
        return False
    counts = [usage.get(key) for key in ("prompt_tokens", "completion_tokens")]
    return all(isinstance(count, int) and count > 0 for count in counts)


def _reasons(reply: Mapping[str, Any]) -> bool:
    usage = reply.get("usage")
    details = usage.get("completion_tokens_details") if isinstance(usage, dict) else None
    return isinstance(details, dict) and bool(details.get("reasoning_tokens"))
