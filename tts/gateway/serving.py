"""The gateway on a socket: opened, served and closed in order."""

from __future__ import annotations

import errno
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from tts.engine import Session, SessionOptions
from tts.engine.asks import Asks
from tts.engine.served import open_served
from tts.errors import UsageError
from tts.gateway.app import application
from tts.gateway.connections import Connection, most_connections
from tts.gateway.desk import Desk
from tts.gateway.settings import GatewaySettings
from tts.ledger import JobLeases, Ledger

GRACE = 10
"""Seconds in which requests under way may end once a signal has come."""
BACKLOG = 2048
OWN_JOB = "gateway"


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where a gateway listens."""

    host: str = "127.0.0.1"
    port: int = 8080

    def bind(self) -> socket.socket:
        """The listening socket; raises `UsageError` with one line where it cannot be had."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        found = socket.socket(family, socket.SOCK_STREAM)
        try:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            found.bind((self.host, self.port))
            found.listen(BACKLOG)
        except (OSError, OverflowError) as error:
            found.close()
            raise UsageError(self._refused(error)) from error
        found.setblocking(False)
        return found

    def _refused(self, error: OSError | OverflowError) -> str:
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            return f"Port {self.port} is in use: give another one with --port, or 0 for a free one."
        told = getattr(error, "strerror", None) or str(error)
        return f"{self.host}:{self.port} cannot be listened on: {told}."


async def serve(
    options: SessionOptions,
    models: Sequence[str],
    settings: GatewaySettings,
    *,
    ledger: str | Path,
    listening: socket.socket,
    ready: Callable[[str, Sequence[str]], None],
) -> None:
    """Serve until a signal comes; `ready` is told the URL and the models once requests are taken.

    `models`: as `--model` takes them, each opened with `options`. What the endpoint is asked before stands in the ledger as the job `gateway`, and is no key's.
    """
    async with AsyncExitStack() as stack:
        sessions = await stack.enter_async_context(asked(options, models, ledger))
        desk = await stack.enter_async_context(Desk(sessions, ledger, settings))
        server = ToldServer(
            config_of(application(desk)), lambda: ready(url_of(listening), list(sessions))
        )
        await server.serve(sockets=[listening])


@asynccontextmanager
async def asked(
    options: SessionOptions, models: Sequence[str], ledger: str | Path
) -> AsyncIterator[Mapping[str, Session]]:
    """The sessions of the models, once their endpoints have said what they support."""
    async with AsyncExitStack() as stack:
        async with AsyncExitStack() as books:

            async def opened() -> tuple[Ledger, JobLeases]:
                found = await books.enter_async_context(Ledger.open(ledger, job=OWN_JOB))
                return found, JobLeases(found)

            asks = await books.enter_async_context(Asks(options, books=opened, job=OWN_JOB))
            sessions = await stack.enter_async_context(open_served(options, models, asks=asks))
        yield sessions


def config_of(app: Starlette) -> uvicorn.Config:
    """How the gateway is served, but for where."""
    return uvicorn.Config(
        app,
        http=Connection,
        limit_concurrency=most_connections(),
        ws="none",
        access_log=False,
        log_level="warning",
        lifespan="off",
        timeout_graceful_shutdown=GRACE,
        timeout_keep_alive=75,
        server_header=False,
        proxy_headers=False,
    )


class ToldServer(uvicorn.Server):
    """Says when it takes requests."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()


def url_of(listening: socket.socket) -> str:
    """The base URL that clients take."""
    host, port = listening.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/v1"
