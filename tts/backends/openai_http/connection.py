"""The way to one server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Protocol

import aiohttp
from yarl import URL

from tts.backends.openai_http.bounded import ACCEPTED, LARGEST_REPLY, bounded, too_large
from tts.backends.openai_http.errors import Translated, refusal
from tts.backends.openai_http.http11 import LARGEST_REFUSAL, Answer, HTTPClient
from tts.backends.secret import Secret
from tts.errors import BadInput, CallError

Told = Callable[[bytes | CallError], None]
"""Called once with the body of an answer or the error instead of it."""


class Connection:
    """Keeps sockets to one server and sends JSON over them; its errors are `CallError`s.

    No cap on sockets (the executor caps calls), no redirects, so credentials never reach another
    host. `idle_timeout`: seconds without a byte before a `CallTimeout`; the time of the whole call
    is the executor's. `largest_reply`: bytes, unpacked, where a request names no limit of its own.
    """

    def __init__(
        self,
        base_url: str,
        *,
        api_key: Secret | None = None,
        headers: Mapping[str, str] | None = None,
        connect_timeout: float = 10.0,
        idle_timeout: float | None = 600.0,
        keepalive: float = 30.0,
        largest_reply: int = LARGEST_REPLY,
    ) -> None:
        self.base_url = _bare(base_url)
        self.api_key = api_key
        self._headers = {
            "Content-Type": "application/json",
            "Accept-Encoding": ACCEPTED,
            **(headers or {}),
        }
        self._timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=connect_timeout, sock_read=idle_timeout
        )
        self._connect_timeout, self._idle_timeout = connect_timeout, idle_timeout
        self._keepalive = keepalive
        self._largest = largest_reply
        self._translated = Translated(api_key)
        self._targets: dict[str, str] = {}
        self._whole: HTTPClient | None = None
        """Carries answers that are read as a whole."""
        self._session: aiohttp.ClientSession | None = None
        """Carries streams."""

    async def post(self, path: str, body: bytes, *, most: int | None = None) -> bytes:
        """The body of the answer to a POST; a path that begins with `/../` leaves `/v1`."""
        return await self._answer("POST", path, body, min(most or self._largest, self._largest))

    def begin(self, path: str, body: bytes, most: int, told: Told) -> Callable[[], None] | None:
        """POST without a coroutine, where a socket is there: `told` is called once with the body or
        a `CallError`. Returns what aborts it; None: nothing was sent."""
        most = min(most, self._largest)
        return self._client().begin(self._target(path), body, most, partial(self._came, told))

    async def fetch(self, path: str) -> bytes:
        """The body of the answer to a GET."""
        return await self._answer("GET", path, None, self._largest)

    @asynccontextmanager
    async def stream(
        self, path: str, body: bytes, *, most: int | None = None
    ) -> AsyncIterator[AsyncIterator[bytes]]:
        """The pieces of an answer to a POST as they come; leaving early closes the socket."""
        with self._translated:
            async with self._send("POST", path, body) as response:
                if response.status != 200:
                    raise await self._refusal(response)
                yield _content(response, min(most or self._largest, self._largest))

    async def close(self) -> None:
        """Close every socket; a later request opens new ones."""
        whole, self._whole = self._whole, None
        if whole is not None:
            await whole.close()
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(
                limit=0, keepalive_timeout=self._keepalive, ttl_dns_cache=300
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                headers=self._authorised(),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
            )
        return self._session

    def _authorised(self) -> dict[str, str]:
        if not self.api_key:
            return self._headers
        return {**self._headers, "Authorization": f"Bearer {self.api_key.reveal()}"}

    async def _answer(self, method: str, path: str, body: bytes | None, most: int) -> bytes:
        with self._translated:
            answer = await self._client().request(method, self._target(path), body, most)
            if answer.status != 200:
                raise self._refused(answer.status, answer.headers, answer.body)
            return answer.body

    def _came(self, told: Told, came: Answer | CallError) -> None:
        if type(came) is Answer and came.status == 200:
            told(came.body)
            return
        error = (
            came
            if isinstance(came, CallError)
            else self._refused(came.status, came.headers, came.body)
        )
        told(self._translated.scrubbed(error))

    def _client(self) -> HTTPClient:
        """The client of the running loop; sockets of another one are of no use."""
        if self._whole is None or self._whole.loop is not asyncio.get_running_loop():
            self._whole = HTTPClient(
                URL(self.base_url),
                headers=tuple(self._authorised().items()),
                connect_timeout=self._connect_timeout,
                idle_timeout=self._idle_timeout,
                keepalive=self._keepalive,
            )
        return self._whole

    def _target(self, path: str) -> str:
        target = self._targets.get(path)
        if target is None:
            target = self._targets[path] = URL(self.base_url + path).raw_path_qs
        return target

    def _send(
        self, method: str, path: str, body: bytes | None
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        return self._open().request(
            method,
            URL(self.base_url + path),
            data=body,
            timeout=self._timeout,
            allow_redirects=False,
        )

    async def _refusal(self, response: aiohttp.ClientResponse) -> CallError:
        """The error that an answer stands for, by as much of it as is worth reading."""
        said = bytearray()
        try:
            async for piece in _content(response, LARGEST_REFUSAL):
                said += piece
        except CallError:
            pass
        return self._refused(response.status, response.headers, bytes(said))

    def _refused(self, status: int, headers: Mapping[str, str], said: bytes) -> CallError:
        error = refusal(status, headers, said)
        if status in (404, 405) and not self.base_url.endswith("/v1"):
            error.args = (f"{error} ({self.hint})",)
        return error

    @property
    def hint(self) -> str:
        """What may be wrong with the address, where it does not look like most."""
        if self.base_url.endswith("/v1"):
            return ""
        return f"most servers answer below /v1: try the base URL {self.base_url}/v1"


async def _content(response: aiohttp.ClientResponse, most: int) -> AsyncIterator[bytes]:
    """The body, unpacked; the socket of one that is too large is closed at once."""
    try:
        if (response.content_length or 0) > most:
            raise too_large(most)
        encoding = response.headers.get("Content-Encoding", "")
        async for piece in bounded(response.content.iter_any(), encoding, most):
            yield piece
    except CallError:
        response.close()
        raise


def _bare(base_url: str) -> str:
    """The URL, unless no request can go there or it holds what errors and logs must not show."""
    shown = repr(base_url) if "@" not in str(base_url) and "?" not in str(base_url) else "given"
    form = "write it as http://HOST:PORT/v1 or https://HOST/v1"
    try:
        url = URL(str(base_url).strip())
        right = url.scheme in ("http", "https") and bool(url.host) and url.explicit_port != 0
    except ValueError as error:
        raise BadInput(f"The base URL {shown} is none ({error}): {form}.") from None
    if url.user or url.password or url.query_string:
        raise BadInput("The base URL holds credentials or a query; hand the key over as `api_key`.")
    if not right or url.fragment or not _is_host(url.host or ""):
        raise BadInput(f"The base URL {shown} is none: {form}.")
    bare = str(url).rstrip("/")
    for ending in ("/chat/completions", "/completions", "/models"):
        bare = bare.removesuffix(ending)
    return bare


def _is_host(host: str) -> bool:
    return bool(host.strip(".")) and not any(
        letter.isspace() or letter in '<>"{}|^`\\' for letter in host
    )


class Transport(Protocol):
    """Carries JSON to one server; its errors are `CallError`s without credentials."""

    async def post(self, path: str, body: bytes, *, most: int | None = None) -> bytes:
        """The body of a whole answer of at most `most` bytes; None: the transport's own limit."""
        ...

    def stream(
        self, path: str, body: bytes, *, most: int | None = None
    ) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        """The pieces of an answer as they come; leaving early aborts it."""
        ...

    async def close(self) -> None: ...
