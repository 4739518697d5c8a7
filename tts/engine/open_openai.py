"""Models of OpenAI-compatible servers by name: what they support is asked once and remembered."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tts.engine.asks import Asks
from tts.engine.endpoint_memory import EndpointMemory
from tts.engine.options import DEFAULT_KEY, SessionOptions
from tts.errors import CallError, UsageError
from tts.protocols import Generator
from tts.values import Capabilities, Model

if TYPE_CHECKING:
    from tts.backends.openai_http import Connection
    from tts.backends.probe import Probed
    from tts.backends.secret import Secret

PATIENCE = 5.0
"""Seconds for the list of models of an endpoint that is remembered."""
_EVERYTHING = Capabilities(
    n=True, prefill=True, logprobs=True, seed=True, keeps_stop=True, max_completion_tokens=True
)
"""What an endpoint that must not be asked is taken to support."""

_LOG = logging.getLogger("tts")


@dataclass(frozen=True, kw_only=True)
class Opening(SessionOptions):
    """Options while a session is opened, with the way to ask what has to be known first."""

    asks: Asks | None = None
    """None: nothing may be sent."""


async def open_openai(name: str, options: SessionOptions) -> Generator:
    """`openai:MODEL` on any OpenAI-compatible server, over aiohttp.

    Raises `UsageError` where it has to be asked what it supports and cannot be.
    """
    from tts.backends.openai_http import Connection, HTTPGenerator

    asks = options.asks if isinstance(options, Opening) else Asks(options)
    connection = Connection(options.url, api_key=_secret(f"openai:{name}", options, asks))
    endpoint = _Endpoint(connection, name)
    try:
        found = await endpoint.found(asks)
    except BaseException:
        await connection.close()
        raise
    return HTTPGenerator(
        Model(name=name, context_length=found.context_length),
        connection=connection,
        capabilities=found.capabilities,
        dialect=found.dialect,
        refused=endpoint.forget,
    )


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
            raise UsageError(
                f"Model 'openai:{self._model}' at {self._connection.base_url} cannot be used: "
                f"{error}{' Try the same command again later.' if error.retryable else ''}"
            ) from error

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
