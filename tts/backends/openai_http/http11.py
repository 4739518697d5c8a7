"""HTTP/1.1 to one server: whole answers, one callback chain a request.

A general client spends more on a small request than all else of a call together. Here a request is
one write to a kept socket, and its answer is handed over by the parser's last callback (httptools,
llhttp). Answers that are read piece by piece stay with aiohttp.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from time import monotonic
from typing import Any

import httptools
from msgspec import Struct
from multidict import CIMultiDict
from yarl import URL

from tts.backends.openai_http.bounded import Unpacker, too_large, unpacker
from tts.backends.openai_http.errors import unconnected
from tts.errors import BadReply, CallError, CallTimeout, NotSent, Unavailable

LARGEST_REFUSAL = 64 << 10
"""Bytes that are read of an answer that is none."""
LARGEST_HEAD = 64 << 10
"""Bytes that may come before a body."""
_FRAMED = 8
"""Bytes on the wire per byte of a body that came one to a chunk, and a little more."""

RESOLVED_S = 300.0
"""Seconds for which an address is remembered."""
_NO_CHUNKS = frozenset({b"", b"identity"})


class Answer(Struct, frozen=True):
    """A whole answer, unpacked."""

    status: int
    raw_headers: Sequence[tuple[bytes, bytes]]
    body: bytes

    @property
    def headers(self) -> CIMultiDict[str]:
        return CIMultiDict(
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in self.raw_headers
        )


Told = Callable[["Answer | CallError"], None]
"""Called once with what became of a request, from a callback of the loop."""


class Exchange(asyncio.Protocol):
    """One socket and the request that is on it.

    Guarantees: whoever asked is told once, whatever the server does, and never after an `abort`; a
    socket is kept only after an answer that ended where it said it would.
    """

    def __init__(self, client: HTTPClient) -> None:
        self._client = client
        self._parser: Any = None
        self.transport: asyncio.Transport
        self.active = 0.0
        """When bytes moved last, in seconds of `monotonic`."""
        self.idle_since = 0.0
        self._told: Told | None = None
        """Waits for the answer; None: nobody does."""
        self._lost = False

    @property
    def usable(self) -> bool:
        return not self._lost and not self.transport.is_closing()

    def ask(self, request: bytes, most: int, told: Told) -> None:
        """Send a request whose answer has at most `most` bytes."""
        self._told, self._most = told, most
        self._parser = httptools.HttpResponseParser(self)
        self._begin()
        self.active = monotonic()
        self._client.watch(self)
        self.transport.write(request)

    def abort(self) -> None:
        """The answer is not wanted any more."""
        self._told = None
        self._drop()

    def fail(self, error: CallError) -> None:
        """End the request with an error, and the socket with it."""
        told, self._told = self._told, None
        self._drop()
        if told is not None:
            told(error)

    def _begin(self) -> None:
        self._headers: list[tuple[bytes, bytes]] = []
        self._pieces: list[bytes] = []
        self._size = self._packed = self._received = 0
        self._unpacker: Unpacker | None = None
        self._by_end = False
        """Whether only the end of the connection ends the body."""
        self._headed = self._whole = False
        self._keeps = True
        """Whether the socket carries a further request, once the answer is whole."""

    def _drop(self) -> None:
        self._client.forget(self)
        self.transport.abort()

    # What the transport tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if self._told is None:
            self._drop()  # nobody asked for this
            return
        self.active = monotonic()
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._unreadable(error)
        if self._whole:
            self._deliver()
        elif self._told is not None:
            self._go_on(len(data))

    def _go_on(self, came: int) -> None:
        """More is to come, though not for ever: heads, trailers and chunks have no length."""
        self._received += came
        most = LARGEST_HEAD + _FRAMED * self._limit if self._headed else LARGEST_HEAD
        if self._received > most:
            self.fail(BadReply(f"More than {most} bytes came that are no part of an answer."))

    def _unreadable(self, error: Exception) -> None:
        """What came is no HTTP, or no more than was to be read of it; after a whole answer it does
        not matter."""
        if self._whole:
            self._keeps = False
            return
        cause = error.__context__
        if isinstance(cause, CallError):
            self.fail(cause)
        elif isinstance(error, httptools.HttpParserCallbackError):
            self.fail(Unavailable(f"{error}"))
        else:
            self.fail(Unavailable(f"The server does not speak HTTP: {type(error).__name__}."))

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = True
        self._client.forget(self)
        if self._told is None:
            return
        if exc is None and self._headed and self._by_end and not self._cut_off:
            self._keeps = False
            self._deliver()
        elif exc is None:
            when = "before the answer was whole" if self._headed else "without an answer"
            self.fail(Unavailable(f"The server closed the connection {when}."))
        else:
            self.fail(Unavailable(f"The connection broke: {type(exc).__name__}: {exc}"))

    # What the parser tells

    def on_message_begin(self) -> None:
        if self._whole:
            raise Unavailable("The server said more than it was asked.")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        if self._parser.get_status_code() < 200:
            return
        self._headed = True
        told = {name.lower(): value for name, value in self._headers}
        length, encoding = told.get(b"content-length"), told.get(b"content-encoding", b"")
        chunked = told.get(b"transfer-encoding", b"").lower() not in _NO_CHUNKS
        self._by_end = length is None and not chunked
        self._limit = self._most if self._parser.get_status_code() == 200 else LARGEST_REFUSAL
        if length is not None and int(length) > self._limit and self._limit == self._most:
            raise too_large(self._most)
        if encoding:
            self._unpacker = unpacker(encoding.decode("latin-1"))

    def on_body(self, piece: bytes) -> None:
        self._packed += len(piece)
        if self._unpacker is not None:
            piece = self._unpacker.feed(piece, self._limit - self._size + 1)
        self._size += len(piece)
        self._pieces.append(piece)
        if max(self._packed, self._size) > self._limit:
            self._beyond()

    def on_message_complete(self) -> None:
        if self._parser.get_status_code() < 200:
            self._headers = []
            return
        if self._cut_off:
            raise Unavailable(f"The packed reply ends early, after {self._packed} bytes.")
        self._whole = True
        self._keeps = self._parser.should_keep_alive() and not self._by_end

    @property
    def _cut_off(self) -> bool:
        unpack = self._unpacker
        return unpack is not None and self._packed > 0 and not unpack.complete

    def _beyond(self) -> None:
        """More came than may be read: an error, or, of a refusal, enough."""
        if self._limit == self._most:
            raise too_large(self._most)
        self._whole, self._keeps = True, False

    def _deliver(self) -> None:
        """Hand the answer over, once the parser has returned: the socket may be asked again then."""
        told, self._told, self._whole = self._told, None, False
        pieces = self._pieces
        body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        answer = Answer(self._parser.get_status_code(), self._headers, body)
        if self._keeps and self.usable:
            self._client.keep(self)
        else:
            self._drop()
        if told is not None:
            told(answer)


class HTTPClient:
    """Keeps sockets to one server, as many as requests are under way.

    Args:
        url: where requests go; its path is not used.
        headers: sent with every request.
        connect_timeout: seconds for a new socket, TLS included; a `NotSent` after that.
        idle_timeout: seconds without a byte before a `CallTimeout`; None: no limit.
        keepalive: seconds for which an unused socket is kept.
    """

    def __init__(
        self,
        url: URL,
        *,
        headers: Sequence[tuple[str, str]],
        connect_timeout: float,
        idle_timeout: float | None,
        keepalive: float,
    ) -> None:
        self.loop = asyncio.get_running_loop()
        self._url = url
        self._connect_timeout, self._idle_timeout = connect_timeout, idle_timeout
        self._keepalive = keepalive
        fixed = [("Host", url.host_port_subcomponent or ""), ("Accept", "*/*"), *headers]
        self._head = "".join(f"{name}: {value}\r\n" for name, value in fixed).encode("latin-1")
        self._heads: dict[tuple[str, str], bytes] = {}
        self._tls = ssl.create_default_context() if url.scheme == "https" else None
        self._idle: deque[Exchange] = deque()
        self._busy: set[Exchange] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._resolved: tuple[float, list[tuple[Any, ...]]] = (0.0, [])

    @property
    def kept(self) -> int:
        """Sockets that wait for a request."""
        return len(self._idle)

    async def request(self, method: str, target: str, body: bytes | None, most: int) -> Answer:
        """One request and its whole answer, of at most `most` bytes where its status is 200."""
        exchange = self._kept() or await self._connected()
        future: asyncio.Future[Answer] = self.loop.create_future()
        exchange.ask(self._bytes(method, target, body), most, partial(_resolve, future))
        try:
            return await future
        except asyncio.CancelledError:
            exchange.abort()
            raise

    def begin(self, target: str, body: bytes, most: int, told: Told) -> Callable[[], None] | None:
        """POST on a socket that is there; returns what aborts it. None: it has to be connected."""
        exchange = self._kept()
        if exchange is None:
            return None
        exchange.ask(self._bytes("POST", target, body), most, told)
        return exchange.abort

    def _bytes(self, method: str, target: str, body: bytes | None) -> bytes:
        head = self._heads.get((method, target))
        if head is None:
            line = f"{method} {target} HTTP/1.1\r\n".encode("ascii")
            head = self._heads[method, target] = line + self._head
        if body is None:
            return head + b"\r\n"
        return b"%bContent-Length: %d\r\n\r\n%b" % (head, len(body), body)

    async def close(self) -> None:
        """Close every socket; a request that is under way fails."""
        for exchange in [*self._idle, *self._busy]:
            exchange.fail(Unavailable("The connection was closed here before an answer came."))
        if self._timer is not None:
            self._timer.cancel()
        await asyncio.sleep(0)  # the loop closes them on its next turn

    # What an exchange tells

    def watch(self, exchange: Exchange) -> None:
        """A request begins: its silence is limited."""
        self._busy.add(exchange)
        if self._timer is None and self._idle_timeout is not None:
            self._timer = self.loop.call_later(self._idle_timeout, self._look)

    def keep(self, exchange: Exchange) -> None:
        self._busy.discard(exchange)
        exchange.idle_since = monotonic()
        self._idle.append(exchange)

    def forget(self, exchange: Exchange) -> None:
        self._busy.discard(exchange)
        if exchange.idle_since:
            exchange.idle_since = 0.0
            self._idle = deque(one for one in self._idle if one is not exchange)

    # Sockets

    def _kept(self) -> Exchange | None:
        """The socket used last, so that the others may grow old; those too old are closed."""
        now = monotonic()
        while self._idle and now - self._idle[0].idle_since > self._keepalive:
            self._idle.popleft().transport.close()
        while self._idle:
            exchange = self._idle.pop()
            exchange.idle_since = 0.0
            if exchange.usable:
                return exchange
        return None

    async def _connected(self) -> Exchange:
        try:
            async with asyncio.timeout(self._connect_timeout):
                return await self._connect()
        except TimeoutError:
            limit = f"{self._connect_timeout:g} s"
            raise NotSent(f"No connection to {self._url.host} within {limit}.") from None
        except OSError as error:
            raise unconnected(f"{self._url.host}:{self._url.port}", error) from None

    async def _connect(self) -> Exchange:
        failure: OSError | None = None
        for address in await self._addresses():
            try:
                _, exchange = await self.loop.create_connection(
                    lambda: Exchange(self),
                    address[0],
                    address[1],
                    ssl=self._tls,
                    server_hostname=self._url.host if self._tls else None,
                )
                return exchange
            except OSError as error:
                failure, self._resolved = error, (0.0, [])
        raise failure or OSError("the name has no address")

    async def _addresses(self) -> list[tuple[Any, ...]]:
        until, known = self._resolved
        if not known or monotonic() > until:
            host, port = self._url.host or "", self._url.port or 0
            found = await self.loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            known = list(dict.fromkeys(entry[4] for entry in found))
            self._resolved = (monotonic() + RESOLVED_S, known)
        return known

    def _look(self) -> None:
        """End requests whose server has been silent for too long; one timer stands for all."""
        assert self._idle_timeout is not None
        self._timer, now = None, monotonic()
        for exchange in list(self._busy):
            if now - exchange.active >= self._idle_timeout:
                exchange.fail(CallTimeout(f"The server was silent for {self._idle_timeout:g} s."))
        if self._busy:
            first = min(exchange.active for exchange in self._busy)
            rest = max(first + self._idle_timeout - now, 0.001)
            self._timer = self.loop.call_later(rest, self._look)


def _resolve(future: asyncio.Future[Answer], told: Answer | CallError) -> None:
    if future.done():
        return
    if isinstance(told, CallError):
        future.set_exception(told)
    else:
        future.set_result(told)
