"""One connection to an MCP server, kept by one task, and the last words of the server's process."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, TextIO

from tts.errors import BadReply, NotSent, ToolFailed, Unavailable, UsageError
from tts.tools.shielded import causes
from tts.values.visible import visible

LINES, LENGTH = 8, 160
"""Most lines that an error shows, and characters of each."""
_KEPT = 8192
"""Bytes of the end that are kept."""
_CHUNK, _CHUNKS = 1 << 16, 16
_FRAME = "│╭╰"
"""Lines that begin so are source code in a traceback that is drawn in boxes."""
_CODES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])")
"""Terminal sequences: colours, titles, links."""


class StderrTail:
    """Reads a pipe as it fills and keeps its end, so that no writer waits and no file grows."""

    def __init__(self) -> None:
        self.total = 0
        """Bytes that were written so far."""
        self._kept = b""
        self._pipe: int | None = None
        self._errlog: TextIO | None = None
        self._ended = asyncio.Event()

    @contextlib.contextmanager
    def opened(self) -> Iterator[TextIO]:
        """What to give the process for its stderr; read from until the context is left."""
        loop = asyncio.get_running_loop()
        self._pipe, writing = os.pipe()
        os.set_blocking(self._pipe, False)
        loop.add_reader(self._pipe, self._read)
        self._errlog = os.fdopen(writing, "w")
        try:
            yield self._errlog
        finally:
            self._read()
            self._errlog.close()
            self._close()

    def started(self) -> None:
        """The process has its own end of the pipe: from now on its death is noticed."""
        if self._errlog is not None:
            self._errlog.close()

    async def settled(self, patience: float) -> None:
        """Returns when the process has said all, at the latest after `patience` seconds."""
        if self._pipe is not None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), patience)

    def last(self, since: int = 0) -> str:
        """The last lines written after the first `since` bytes, as the end of a message.

        Empty where there are none. No character of them acts on a terminal.
        """
        self._read()
        fresh = self._kept[-min(len(self._kept), max(0, self.total - since)) :]
        text = _CODES.sub("", fresh.decode("utf-8", "replace")) if self.total > since else ""
        lines = [visible(line.strip(), LENGTH) for line in re.split(r"[\r\n]+", text)]
        said = " | ".join([line for line in lines if line and line[0] not in _FRAME][-LINES:])
        return f"; its stderr ends with: {said}" if said else ""

    def _read(self) -> None:
        for _ in range(_CHUNKS):
            if self._pipe is None:
                return
            try:
                data = os.read(self._pipe, _CHUNK)
            except BlockingIOError:
                return
            if not data:
                return self._close()
            self.total += len(data)
            self._kept = (self._kept + data)[-_KEPT:]

    def _close(self) -> None:
        self._ended.set()
        if self._pipe is not None:
            asyncio.get_running_loop().remove_reader(self._pipe)
            os.close(self._pipe)
            self._pipe = None


Connect = Callable[[StderrTail], AbstractAsyncContextManager[Any]]
"""Makes a client of the `mcp` package, not yet connected, whose server's stderr goes to the tail."""

GRACE = 5.0
"""Seconds that a connection has to close by itself."""
_LAST_WORDS = 0.5
"""Seconds that a lost server has to end its stderr."""
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
        self._owners: set[asyncio.Task[None]] = set()
        self._client: Any = None
        self._leave = asyncio.Event()
        self._tail = StderrTail()

    async def open(self) -> Any:
        """The client, connected now if it is not; raises `NotSent`."""
        async with self._opening:
            if self._owner is None or self._owner.done():
                await self._connected()
            return self._client

    async def close(self) -> None:
        """End the connection; one that does not end by itself is cancelled."""
        self._owner = None
        self._leave.set()
        await self._gone()
        for owner in self._owners:
            owner.cancel()
        await self._gone()

    async def _gone(self) -> None:
        """Every connection has ended, those that were lost included, or `GRACE` is over."""
        if self._owners:
            await asyncio.wait(self._owners, timeout=GRACE)

    async def call(self, name: str, arguments: Mapping[str, Any]) -> tuple[Any, str]:
        """The answer of a tool, errors that it tells of included, and what the server's stderr
        said meanwhile if it is an error.

        Raises `Unavailable` where the server was lost meanwhile; the next call connects again.
        """
        await self.open()
        before = self._tail.total
        answer = await self.ask(lambda client: client.call_tool(name, dict(arguments)), repr(name))
        return answer, self._tail.last(before) if answer.is_error else ""

    async def ask(self, question: Callable[[Any], Coroutine[Any, Any, Any]], what: str) -> Any:
        """Ask the client something; raises as `call` does, `what` names it in messages."""
        client = await self.open()
        owner, tail = self._owner, self._tail
        assert owner is not None
        before, asked = tail.total, asyncio.ensure_future(question(client))
        try:
            await asyncio.wait([asked, owner], return_when=asyncio.FIRST_COMPLETED)
            if not asked.done() or asked.cancelled():
                raise await self._lost(owner, tail, what, _error_of(owner))
            return asked.result()
        except Unavailable:
            raise
        except Exception as error:
            if _refused(error):
                said = tail.last(before)
                raise ToolFailed(f"the MCP server refused {what}: {error}{said}") from error
            if _unreadable(error) and not owner.done():
                why = f"{str(error).splitlines()[0]}{tail.last(before)}"
                raise BadReply(f"the MCP server's answer to {what} is unsound: {why}") from error
            raise await self._lost(owner, tail, what, error) from error
        finally:
            await _ended(asked)

    async def _lost(
        self,
        owner: asyncio.Task[None],
        tail: StderrTail,
        what: str,
        error: BaseException | None,
    ) -> Unavailable:
        if self._owner is owner:
            self._owner = None
        owner.cancel()
        await tail.settled(_LAST_WORDS)
        why = "; ".join(causes(error)) if error else "the connection was closed"
        return Unavailable(
            f"the MCP server {self.label} was lost during {what}: {why}{tail.last()}"
        )

    async def _connected(self) -> None:
        ready: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._leave, tail = asyncio.Event(), StderrTail()
        self._tail = tail
        owner = asyncio.get_running_loop().create_task(_own(self.connect(tail), ready, self._leave))
        self._owners.add(owner)
        owner.add_done_callback(self._owners.discard)
        owner.add_done_callback(_error_of)
        try:
            async with asyncio.timeout(self.patience):
                self._client = await asyncio.shield(ready)
        except TimeoutError as error:
            owner.cancel()
            why = f"no connection within {self.patience:g} s{tail.last()}"
            raise NotSent(f"the MCP server {self.label} cannot be reached: {why}") from error
        except UsageError:
            raise
        except Exception as error:
            why = f"{'; '.join(causes(error))}{tail.last()}"
            raise NotSent(f"the MCP server {self.label} cannot be reached: {why}") from error
        except BaseException:
            owner.cancel()
            raise
        self._owner = owner


async def _own(
    connection: AbstractAsyncContextManager[Any],
    ready: asyncio.Future[Any],
    leave: asyncio.Event,
) -> None:
    """Enter, stay and leave, all in one task."""
    try:
        async with connection as client:
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


def _unreadable(error: Exception) -> bool:
    """Whether the package refused what the server answered, as against its output schema."""
    return type(error) is RuntimeError or isinstance(error, ValueError)
