"""A gateway in process, on models that say what they are told, and the official client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx2
import pytest
from openai import AsyncOpenAI

from tts.gateway.desk import Desk
from tts.gateway.keys import Key, Keys
from tts.gateway.settings import GatewaySettings

SECRET = "sk-test-alice"


def key(name: str = "alice", secret: str = SECRET, **fields: Any) -> Key:
    return Key(name=name, digest=sha256(secret.encode()).digest(), **fields)


@dataclass
class Place:
    """A gateway that is open, and a client of it."""

    desk: Desk
    app: Any
    client: AsyncOpenAI
    http: httpx2.AsyncClient
    ledger: Path

    def another(self, secret: str) -> AsyncOpenAI:
        return AsyncOpenAI(
            api_key=secret, base_url="http://gateway/v1", http_client=self.http, max_retries=0
        )


Opened = Callable[..., Awaitable[Place]]


@pytest.fixture
async def opened(tmp_path: Path, lab: Any) -> AsyncIterator[Opened]:
    """Opens a gateway on a generator, and on more `beside` it by the names that clients give:
    `scores` are the verifier's, the rest are its settings."""
    pytest.importorskip("starlette", reason="needs the extra serve")
    from tts.gateway.app import application

    async with AsyncExitStack() as stack:

        async def open_(
            generator: Any,
            *,
            keys: Sequence[Key] = (),
            scores: Any = None,
            beside: Mapping[str, Any] = MappingProxyType({}),
            **settings: Any,
        ) -> Place:
            served = {generator.model.name: generator, **beside}
            sessions = {name: lab.session(one, scores=scores) for name, one in served.items()}
            for session in sessions.values():
                stack.push_async_callback(session.close)
            chosen = GatewaySettings(keys=Keys(keys or [key()]), **settings)
            desk = await stack.enter_async_context(Desk(sessions, tmp_path / "g.db", chosen))
            app = application(desk)
            http = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app))
            stack.push_async_callback(http.aclose)
            client = AsyncOpenAI(
                api_key=SECRET, base_url="http://gateway/v1", http_client=http, max_retries=0
            )
            return Place(desk, app, client, http, tmp_path / "g.db")

        yield open_


@asynccontextmanager
async def listening(app: Any) -> AsyncIterator[str]:
    """The URL of a gateway on a socket of this process."""
    uvicorn = pytest.importorskip("uvicorn", reason="needs the extra serve")
    from tts.gateway.serving import Address, config_of, url_of

    socket = Address(port=0).bind()
    server = uvicorn.Server(config_of(app))
    serving = asyncio.ensure_future(server._serve([socket]))
    yield url_of(socket)
    server.should_exit = True
    await serving
