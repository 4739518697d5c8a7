"""Finding out what an endpoint supports, by asking it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from tts.backends.openai_http.connection import Connection
from tts.backends.openai_http.reply import decode
from tts.backends.openai_http.request import Dialect
from tts.backends.openai_http.usage import Expected, PromptCount, spend
from tts.errors import BadReply, BadRequest, Barred, CallError, NotSent
from tts.protocols import Meter
from tts.values import NOTHING, Capabilities, Message, Model, Usage

_ANY: msgspec.json.Decoder[dict[str, Any]] = msgspec.json.Decoder(dict[str, Any])
_COUNT = "Count from one to five in words, separated by single spaces, and nothing else."
_COUNT_ON = "Count from one to forty in words, separated by single spaces, and nothing else."
"""Its answer is longer than a question allows, so that it shows which ceiling is heeded."""
_PREFIX = (
    "These are the five numbers that you have asked me for, written out in words, in their usual "
    "order and on a single line: one two three"
)
"""Longer than an answer may be: one that holds it was continued and repeats what it continues."""
_TINY = 16
"""Completion tokens of each question: the least that some servers accept."""
_LARGEST = 1 << 20
"""Bytes of a reply to a question."""


class Probed(Struct, frozen=True, kw_only=True):
    """What an endpoint was found to support, and what stayed in doubt."""

    capabilities: Capabilities
    dialect: Dialect = "openai"
    context_length: int | None = None
    """Tokens, where the server's list of models says it."""
    slots: int | None = None
    """Requests that the server works on at once; what comes beyond queues there. None: it does not
    say."""
    models: tuple[str, ...] = ()
    """Ids that the server lists; empty where it lists none."""
    notes: tuple[str, ...] = ()
    """Why a capability is off, in the server's words where it said something."""
    unanswered: tuple[str, ...] = ()
    """Questions that failed again and again beside others that did not: off for now, not known."""


class Question(Struct, frozen=True, kw_only=True):
    """One request of a probe."""

    name: str
    model: str
    worst: Usage
    """What it may be billed."""
    attempt: Callable[[Meter], Awaitable[dict[str, Any]]]
    """Asks once, and meters what that was billed."""


Send = Callable[[Question], Awaitable[dict[str, Any]]]
"""Carries a question: who records, pays and repeats it."""


async def send_once(question: Question) -> dict[str, Any]:
    """One attempt that nobody records."""
    return await question.attempt(Meter())


async def probe(
    connection: Connection,
    *,
    model: str,
    send: Send = send_once,
    listed: list[dict[str, Any]] | None = None,
) -> Probed:
    """Ask eight tiny questions at most, of 16 tokens each.

    A ceiling that is taken and not heeded, as Ollama takes `max_completion_tokens`, is off. A capability is off where the server refused the question or answered without it. Raises the
    error of what failed in any other way: `NotSent` where nobody answers at that address,
    `Barred` for a wrong key or certificate, `BadRequest` where even a plain question is refused. `seed`
    means that the server accepts one, not that it heeds it.

    Args:
        send: how a question is carried.
        listed: what `models_of` brought, where that was asked before.
    """
    listed = await models_of(connection, send=send) if listed is None else listed
    own = next((item for item in listed if item.get("id") == model), {})
    dialect = _dialect(listed)
    asking = _Asking(connection, model=model, send=send)
    plain = await asking.plain()
    answers = await asking.all(_optional(dialect))
    if asking.unanswered:
        await asking.ask("plain", {})
    length = _context_length(own)
    slots = await _slots(connection, send) if dialect == "llama_cpp" else None
    return Probed(
        capabilities=_capabilities(plain, answers, newer=asking.newer),
        dialect=dialect,
        context_length=length if isinstance(length, int) and length > 0 else None,
        slots=slots,
        models=tuple(str(item.get("id")) for item in listed),
        notes=tuple(asking.notes),
        unanswered=tuple(asking.unanswered),
    )


async def models_of(connection: Connection, *, send: Send = send_once) -> list[dict[str, Any]]:
    """The listed models; an unreachable server or a wrong key is raised, and no list is empty."""

    async def fetched(meter: Meter) -> dict[str, Any]:
        meter.usage = NOTHING
        return decode(_ANY, await connection.fetch("/models"))

    try:
        question = Question(name="models", model="", worst=NOTHING, attempt=fetched)
        listed = (await send(question)).get("data")
    except NotSent as error:
        raise NotSent(f"No server answers at {connection.base_url}: {error}") from None
    except CallError as error:
        if error.retryable or isinstance(error, Barred):
            raise
        return []
    return [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []


def _dialect(listed: list[dict[str, Any]]) -> Dialect:
    owners = {item.get("owned_by") for item in listed}
    return "vllm" if "vllm" in owners else "llama_cpp" if "llamacpp" in owners else "openai"


def _context_length(listed: Mapping[str, Any]) -> Any:
    """What a server says of a model's longest request; llama.cpp speaks of one slot."""
    meta = listed.get("meta")
    told = listed.get("max_model_len") or listed.get("context_length")
    return told or (meta.get("n_ctx") if isinstance(meta, dict) else None)


async def _slots(connection: Connection, send: Send) -> int | None:
    """What llama.cpp says of itself beside the API; None where it keeps that to itself."""

    async def fetched(meter: Meter) -> dict[str, Any]:
        meter.usage = NOTHING
        return decode(_ANY, await connection.fetch("/../props"))

    try:
        told = await send(Question(name="slots", model="", worst=NOTHING, attempt=fetched))
    except (BadRequest, BadReply):
        return None
    slots = told.get("total_slots")
    return slots if isinstance(slots, int) and slots > 0 else None


def _optional(dialect: Dialect) -> dict[str, dict[str, Any]]:
    """The fields of the questions about what a server may lack.

    llama.cpp is not asked for several draws: it draws them, and counts the tokens of one alone.
    """
    asked: dict[str, dict[str, Any]] = {
        "n": {"n": 2},
        "seed": {"seed": 7},
        "logprobs": {"logprobs": True, "top_logprobs": 1},
        "stop": {"stop": ["three"]},
        "prefill": _prefilled(dialect),
    }
    match dialect:
        case "vllm":
            asked["stop"]["include_stop_str_in_output"] = True
        case "llama_cpp":
            asked["stop"]["verbose"] = True
            del asked["n"]
        case "openai":
            pass
    return asked


def _capabilities(
    plain: dict[str, Any], answers: Mapping[str, dict[str, Any]], *, newer: bool
) -> Capabilities:
    return Capabilities(
        n=len(_choices(answers.get("n", {}))) == 2,
        prefill=_continues(answers["prefill"]),
        logprobs=bool(_choice(answers["logprobs"]).get("logprobs")),
        seed=bool(answers["seed"]),
        keeps_stop=_keeps(answers["stop"], "three"),
        max_completion_tokens=newer,
        reports_usage=_reports(plain),
        reasoning=_reasons(plain),
    )


class _Asking:
    """Questions to one model of one server."""

    def __init__(self, connection: Connection, *, model: str, send: Send) -> None:
        self._connection = connection
        self._model = model
        self._send = send
        self.newer = True
        """The length is bounded by `max_completion_tokens`, not by `max_tokens`."""
        self.notes: list[str] = []
        self.unanswered: list[str] = []

    async def plain(self) -> dict[str, Any]:
        """A reply to a question without more, by the newer ceiling where the server heeds it."""
        asked = {"messages": [{"role": "user", "content": _COUNT_ON}]}
        try:
            reply = await self.ask("plain", asked)
        except Barred:
            raise
        except BadRequest as error:
            self.notes.append(f"max_completion_tokens: {error}")
        else:
            if not _overruns(reply):
                return reply
            self.notes.append("max_completion_tokens: taken, and the answer is longer")
        self.newer = False
        reply = await self.ask("plain", asked)
        if _overruns(reply):
            self.notes.append("max_tokens: taken, and the answer is longer: draws have no ceiling")
        return reply

    async def all(self, asked: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
        """The replies by name, asked at once; empty where one was refused or never came."""
        async with asyncio.TaskGroup() as group:
            tasks = {
                name: group.create_task(self._tried(name, more)) for name, more in asked.items()
            }
        answers = {name: task.result() for name, task in tasks.items()}
        for answer in answers.values():
            if isinstance(answer, Barred):
                raise answer
        return {
            name: {} if isinstance(answer, CallError) else answer
            for name, answer in answers.items()
        }

    async def ask(self, name: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """A reply to the standard question with further fields."""
        ceiling = "max_completion_tokens" if self.newer else "max_tokens"
        body = {
            "model": self._model,
            "messages": [{"role": "user", "content": _COUNT}],
            ceiling: _TINY,
        }
        sent = msgspec.json.encode(body | dict(fields))
        expected = _expected(fields.get("n", 1))

        async def attempt(meter: Meter) -> dict[str, Any]:
            reply = decode(
                _ANY, await self._connection.post("/chat/completions", sent, most=_LARGEST)
            )
            meter.usage = spend(reply.get("usage"), expected, Model(name=self._model)).usage
            if not _choices(reply):
                raise BadReply(f"The server answered without a choice: {str(reply)[:200]}")
            return reply

        worst = Usage(
            calls=1,
            prompt_tokens=expected.most_prompt_tokens,
            completion_tokens=expected.most_completion_tokens,
            reasoning_tokens=expected.most_completion_tokens,
            nanodollars=None,
            flops=None,
            gpu_microseconds=None,
        )
        question = Question(name=name, model=self._model, worst=worst, attempt=attempt)
        return await self._send(question)

    async def _tried(self, name: str, fields: Mapping[str, Any]) -> dict[str, Any] | CallError:
        """A reply, or the error and a note."""
        try:
            return await self.ask(name, fields)
        except CallError as error:
            self.notes.append(f"{name}: {error}")
            if error.retryable:
                self.unanswered.append(name)
            return error


def _expected(draws: int) -> Expected:
    count, asked = PromptCount(), (Message("user", _COUNT), Message("assistant", _PREFIX))
    return Expected(
        prompt_tokens=count.estimate(asked, ""),
        completion_tokens=_TINY * draws,
        most_prompt_tokens=count.count(asked, ""),
        most_completion_tokens=_TINY * draws,
        draws=draws,
    )


def _prefilled(dialect: Dialect) -> dict[str, Any]:
    turns = [
        {"role": "user", "content": _COUNT},
        {"role": "assistant", "content": _PREFIX},
    ]
    if dialect != "vllm":
        return {"messages": turns}
    return {"messages": turns, "continue_final_message": True, "add_generation_prompt": False}


def _choices(reply: Mapping[str, Any]) -> list[dict[str, Any]]:
    listed = reply.get("choices")
    return [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []


def _choice(reply: Mapping[str, Any]) -> dict[str, Any]:
    return next(iter(_choices(reply)), {})


def _text(reply: Mapping[str, Any]) -> str:
    message = _choice(reply).get("message")
    content = message.get("content") if isinstance(message, dict) else None
    return content if isinstance(content, str) else ""


def _overruns(reply: Mapping[str, Any]) -> bool:
    """Whether an answer, or what it was thought on, is longer than was asked for.

    A word has a token at least; a count may be above the ceiling by the mark of an end.
    """
    usage = reply.get("usage")
    counted = usage.get("completion_tokens") if isinstance(usage, dict) else None
    told = counted if isinstance(counted, int) else 0
    return len(_text(reply).split()) > _TINY or told > 2 * _TINY


def _continues(reply: Mapping[str, Any]) -> bool:
    """Whether the answer goes on after the prefix instead of beginning anew."""
    text = _text(reply).removeprefix(_PREFIX).strip().lower()
    return bool(text) and not text.startswith(("one", "these are"))


def _keeps(reply: Mapping[str, Any], stop: str) -> bool:
    choice = _choice(reply)
    named = stop in (choice.get("stop_reason"), choice.get("matched_stop"))
    beside = reply.get("__verbose")
    tells = isinstance(beside, dict) and "stopping_word" in beside
    return named or tells or _text(reply).endswith(stop)


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
