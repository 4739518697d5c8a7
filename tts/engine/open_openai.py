"""Models of OpenAI-compatible servers by name: what they support is asked once and remembered."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from tts.backends.probe import Probed
from tts.engine.asks import Asks, Opening
from tts.errors import CallError, NotSent, UsageError
from tts.options import DEFAULT_KEY, SessionOptions
from tts.protocols import Generator
from tts.values import Capabilities, Model
from tts.values.places import user_cache

if TYPE_CHECKING:
    from tts.backends.openai_http import Connection
    from tts.backends.probe import Probed
    from tts.backends.secret import Secret

PATIENCE = 5.0
"""Seconds for the list of models of an endpoint that is remembered."""

KEPT_FOR = 7 * 86400.0
"""Seconds after which an endpoint is asked again."""

_MOST = 512
"""Endpoints that are remembered; the oldest are forgotten."""

_EVERYTHING = Capabilities(
    n=True, prefill=True, logprobs=True, seed=True, keeps_stop=True, max_completion_tokens=True
)
"""What an endpoint that must not be asked is taken to support."""

_LOG = logging.getLogger("tts")


async def open_openai(name: str, options: SessionOptions) -> Generator:
    """`openai:MODEL` on any OpenAI-compatible server, over aiohttp.

    Raises `UsageError` where it has to be asked what it supports and cannot be.
    """
    from tts.backends.openai_http import Connection, HTTPGenerator

    asks = _asks(options)
    connection = Connection(options.url, api_key=_secret(f"openai:{name}", options, asks))
    endpoint = _Endpoint(connection, name)
    found = await _found(endpoint, connection, asks)
    return HTTPGenerator(
        Model(name=name, context_length=found.context_length),
        connection=connection,
        capabilities=found.capabilities,
        dialect=found.dialect,
        slots=found.slots,
        refused=endpoint.forget,
    )


async def open_openai_responses(name: str, options: SessionOptions) -> Generator:
    """`openai-responses:MODEL` by `/v1/responses`, for models that are served there alone.

    Nothing is asked before: whatever else a model can, this form of the API does not offer.
    """
    from tts.backends.openai_http import Connection, HTTPGenerator
    from tts.backends.openai_responses import CAN, ResponsesTransport

    secret = _secret(f"openai-responses:{name}", options, _asks(options))
    connection = ResponsesTransport(Connection(options.url, api_key=secret))
    return HTTPGenerator(Model(name=name), connection=connection, capabilities=CAN)


async def open_openai_batch(name: str, options: SessionOptions) -> Generator:
    """`openai-batch:MODEL`: the same by the provider's batch files, at half the price within a day.

    What the model supports is asked on the ordinary way, once.
    """
    from tts.backends.openai_batch import BatchGenerator, OpenAIBatches, Rounds
    from tts.backends.openai_http import Connection

    asks = _asks(options)
    secret = _secret(f"openai-batch:{name}", options, asks)
    connection = Connection(options.url, api_key=secret)
    found = await _found(_Endpoint(connection, name), connection, asks)
    await connection.close()
    provider = OpenAIBatches(options.url, secret)
    return BatchGenerator(
        Model(name=name, context_length=found.context_length),
        rounds=Rounds(provider, path="/chat/completions", model=name),
        capabilities=found.capabilities,
        dialect=found.dialect,
    )


def _asks(options: SessionOptions) -> Asks | None:
    return options.asks if isinstance(options, Opening) else Asks(options)


async def _found(endpoint: _Endpoint, connection: Connection, asks: Asks | None) -> Probed:
    """What an endpoint supports; its sockets are closed where that cannot be told."""
    try:
        return await endpoint.found(asks)
    except BaseException:
        await connection.close()
        raise


async def open_openai_sdk(name: str, options: SessionOptions) -> Generator:
    """`openai-sdk:MODEL` through the openai package, for providers that need its authentication."""
    from tts.backends.openai_sdk import SDKGenerator

    sends = not isinstance(options, Opening) or options.asks is not None
    if not options.key() and sends:
        own = "with --api-key-env name the variable that holds this server's"
        wanted = own if options.base_url else f"set {options.api_key_env or DEFAULT_KEY}"
        raise UsageError(f"Model 'openai-sdk:{name}' needs a key: {wanted}.")
    return SDKGenerator(
        Model(name=name),
        base_url=options.base_url or None,
        api_key=_secret(f"openai-sdk:{name}", options, None),
    )


def _secret(model: str, options: SessionOptions, asks: Asks | None) -> Secret | None:
    from tts.backends.secret import Secret

    key = options.key()
    if not key and not options.base_url and asks is not None:
        raise UsageError(
            f"Model {model!r} needs a key: set {options.api_key_env or DEFAULT_KEY}, or give "
            "--base-url of a server that needs none."
        )
    if key and not (key.isascii() and key.isprintable()):
        raise UsageError(
            f"{options.api_key_env or DEFAULT_KEY} holds line breaks or letters that no key has: "
            "export it again."
        )
    return Secret(key) if key else None


class _Endpoint:
    """One model of one server, and what is known of it."""

    def __init__(self, connection: Connection, model: str) -> None:
        self._connection, self._model = connection, model
        self._memory = EndpointMemory()

    async def found(self, asks: Asks | None) -> Probed:
        """What it supports: remembered, else asked; where nothing may be sent, everything."""
        from tts.backends.probe import Probed

        remembered = self._recall(None)
        if asks is None:
            return remembered or Probed(capabilities=_EVERYTHING)
        try:
            async with asks.bounded(f"{self._connection.base_url} to say what it supports"):
                return await self._known(asks, remembered)
        except CallError as error:
            raise UsageError(self._unusable(error)) from error

    def _unusable(self, error: CallError) -> str:
        what, why = f"Model 'openai:{self._model}'", str(error).rstrip(".")
        if isinstance(error, NotSent):
            return f"{what} cannot be used: {why}. Is it running there, and is the address right?"
        later = " Try the same command again later." if error.retryable else ""
        return f"{what} at {self._connection.base_url} cannot be used: {why}.{later}"

    def forget(self) -> None:
        """A request was refused that it was found to support, perhaps."""
        self._memory.forget(self._connection.base_url, self._model)

    async def _known(self, asks: Asks, remembered: Probed | None) -> Probed:
        from tts.backends.probe import models_of, probe

        try:
            async with asyncio.timeout(PATIENCE if remembered else None):
                listed = await models_of(self._connection, send=asks.send)
        except (CallError, TimeoutError) as error:
            final = isinstance(error, CallError) and not error.retryable
            if remembered is None or final:
                raise
            return remembered
        if (same := self._recall(listed)) is not None:
            return same
        before = asks.billed
        found = await probe(self._connection, model=self._model, send=asks.send, listed=listed)
        if found.unanswered:
            _LOG.warning(
                f"{self._connection.base_url} fails when it is asked for "
                f"{', '.join(found.unanswered)}, and not otherwise: taken as not supported now, "
                "and asked again at the next start."
            )
        else:
            self._memory.keep(self._connection.base_url, self._model, found, listed)
            asks.tell(self._connection.base_url, before)
        return found

    def _recall(self, listed: Sequence[dict[str, Any]] | None) -> Probed | None:
        return self._memory.recall(self._connection.base_url, self._model, listed)


class Remembered(Struct, frozen=True, kw_only=True):
    """What one model of one server supports."""

    probed: Probed
    listed: str
    """Digest of the models that the server listed then: another list is another server."""
    at: float
    """Seconds since the epoch."""


class EndpointMemory:
    """A file of the user's cache, by base URL and model; one that cannot be read is empty.

    `$XDG_CACHE_HOME/tts/endpoints.json`, else below `~/.cache`. It holds no key and no text.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or user_cache() / "tts" / "endpoints.json"

    def recall(
        self, base_url: str, model: str, listed: Sequence[Mapping[str, Any]] | None = None
    ) -> Probed | None:
        """What was found of an endpoint; None where nothing was, it is old, or it changed.

        Args:
            base_url: of the server.
            model: of that server.
            listed: the models that it lists now; None: not known, and not compared.
        """
        found = self._read().get(_key(base_url, model))
        if found is None or not 0 <= time.time() - found.at < KEPT_FOR:
            return None
        same = listed is None or found.listed == digest(listed)
        return found.probed if same else None

    def keep(
        self, base_url: str, model: str, probed: Probed, listed: Sequence[Mapping[str, Any]]
    ) -> None:
        """Remember; where the file cannot be written the endpoint is asked again next time."""
        entry = Remembered(probed=probed, listed=digest(listed), at=time.time())
        self._write({**self._read(), _key(base_url, model): entry})

    def forget(self, base_url: str, model: str) -> None:
        """Ask again at the next start."""
        entries = self._read()
        if entries.pop(_key(base_url, model), None) is not None:
            self._write(entries)

    def _read(self) -> dict[str, Remembered]:
        with suppress(OSError, msgspec.MsgspecError):
            return msgspec.json.decode(self.path.read_bytes(), type=dict[str, Remembered])
        return {}

    def _write(self, entries: Mapping[str, Remembered]) -> None:
        newest = sorted(entries.items(), key=lambda entry: -entry[1].at)[:_MOST]
        fresh = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        with suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_bytes(msgspec.json.format(msgspec.json.encode(dict(newest))))
            fresh.replace(self.path)


def digest(listed: Sequence[Mapping[str, Any]]) -> str:
    """Of what a list of models says of them, but for when."""
    named = ("id", "owned_by", "max_model_len", "context_length", "root", "meta")
    told = sorted(str([item.get(name) for name in named]) for item in listed)
    return blake2b(msgspec.json.encode(told), digest_size=16).hexdigest()


def _key(base_url: str, model: str) -> str:
    return f"{base_url} {model}"
