"""One connection to an MCP server, kept by one task."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

from tts.errors import NotSent, ToolFailed, Unavailable, UsageError
from tts.tools.causes import causes

Connect = Callable[[], AbstractAsyncContextManager[Any]]
"""Makes a client of the `mcp` package, not yet connected."""

GRACE = 5.0
"""Seconds that a connection has to close by itself."""
_LOST = (-32000, "Session terminated")
"""Code of a closed connection in JSON-RPC as the package writes it; message of a session that the
server has forgotten."""


class MCPConnection:
    """Opens, asks, and opens again after a loss.

    The package's cancel scopes have to be left by the task that entered them, and a connection that
    breaks cancels that task. So the connection has a task of its own, which callers only ask.
    """

    def __init__(self, connect: Connect, *, label: str, patience: float) -> None:
        self.connect, self.label, self.patience = connect, label, patience
        self._opening = asyncio.Lock()
        self._owner: asyncio.Task[None] | None = None
        self._client: Any = None
        self._leave = asyncio.Event()

    async def open(self) -> Any:
        """The client, connected now if it is not; raises `NotSent`."""
        async with self._opening:
            if self._owner is None or self._owner.done():
                await self._connected()
            return self._client

    async def close(self) -> None:
        """End the connection; one that does not end by itself is cancelled."""
        owner, self._owner = self._owner, None
        if owner is None:
            return
        self._leave.set()
        await asyncio.wait([owner], timeout=GRACE)
        owner.cancel()
        await asyncio.wait([owner], timeout=GRACE)

    async def call(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """The answer of a tool, errors that it tells of included.

        Raises `Unavailable` where the server was lost meanwhile; the next call connects again.
        """
        client = await self.open()
        owner = self._owner
        assert owner is not None
        asked = asyncio.ensure_future(client.call_tool(name, dict(arguments)))
        try:
            await asyncio.wait([asked, owner], return_when=asyncio.FIRST_COMPLETED)
            if not asked.done() or asked.cancelled():
                raise self._lost(owner, name, _error_of(owner))
            return asked.result()
        except Unavailable:
            raise
        except Exception as error:
            if _refused(error):
                raise ToolFailed(f"the MCP server refused {name!r}: {error}") from error
            raise self._lost(owner, name, error) from error
        finally:
            await _ended(asked)

    def _lost(
        self, owner: asyncio.Task[None], name: str, error: BaseException | None
    ) -> Unavailable:
        if self._owner is owner:
            self._owner = None
        owner.cancel()
        why = "; ".join(causes(error)) if error else "the connection was closed"
        return Unavailable(f"the MCP server {self.label} was lost during {name!r}: {why}")

    async def _connected(self) -> None:
        ready: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._leave = asyncio.Event()
        owner = asyncio.get_running_loop().create_task(_own(self.connect, ready, self._leave))
        owner.add_done_callback(_error_of)
        try:
            async with asyncio.timeout(self.patience):
                self._client = await asyncio.shield(ready)
        except TimeoutError as error:
            owner.cancel()
            why = f"no connection within {self.patience:g} s"
            raise NotSent(f"the MCP server {self.label} cannot be reached: {why}") from error
        except UsageError:
            raise
        except Exception as error:
            why = "; ".join(causes(error))
            raise NotSent(f"the MCP server {self.label} cannot be reached: {why}") from error
        except BaseException:
            owner.cancel()
            raise
        self._owner = owner


async def _own(connect: Connect, ready: asyncio.Future[Any], leave: asyncio.Event) -> None:
    """Enter, stay and leave, all in one task."""
    try:
        async with connect() as client:
            ready.set_result(client)
            await leave.wait()
    except BaseException as error:
        if ready.done():
            raise
        ready.set_exception(error if isinstance(error, Exception) else Unavailable("cancelled"))
        ready.exception()


async def _ended(asked: asyncio.Future[Any]) -> None:
    """Nothing of a call stays behind."""
    if not asked.done():
        asked.cancel()
        await asyncio.wait([asked])
    if not asked.cancelled():
        asked.exception()


def _error_of(owner: asyncio.Task[None]) -> BaseException | None:
    """Why a connection ended, as far as is known; asking keeps asyncio from complaining."""
    return owner.exception() if owner.done() and not owner.cancelled() else None


def _refused(error: Exception) -> bool:
    """Whether the server answered, with an error of the protocol: the connection is sound."""
    code = getattr(error, "code", None)
    return isinstance(code, int) and code not in _LOST and str(error) not in _LOST
