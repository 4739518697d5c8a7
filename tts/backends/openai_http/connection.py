"""The way to one server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import aiohttp
from yarl import URL

from tts.backends.openai_http.refusal import refusal
from tts.backends.openai_http.translated import Translated
from tts.backends.secret import Secret
from tts.errors import BadInput, BadReply

_PIECE = 1 << 16


class Connection:
    """Keeps sockets to one server and sends JSON over them; its errors are `CallError`s.

    No cap on sockets (the executor caps calls), no redirects, so credentials never reach another
    host. `idle_timeout`: seconds without a byte before a `CallTimeout`; the time of the whole call
    is the executor's. `largest_reply`: bytes.
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
        largest_reply: int = 256 << 20,
    ) -> None:
        self.base_url = _bare(base_url)
        self.api_key = api_key
        self._headers = {"Content-Type": "application/json", **(headers or {})}
        self._timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=connect_timeout, sock_read=idle_timeout
        )
        self._keepalive = keepalive
        self._largest = largest_reply
        self._translated = Translated(api_key)
        self._urls: dict[str, URL] = {}
        self._session: aiohttp.ClientSession | None = None

    async def post(self, path: str, body: bytes) -> bytes:
        """The body of the answer to a POST; a path that begins with `/../` leaves `/v1`."""
        return await self._answer("POST", path, body)

    async def fetch(self, path: str) -> bytes:
        """The body of the answer to a GET."""
        return await self._answer("GET", path, None)

    @asynccontextmanager
    async def stream(self, path: str, body: bytes) -> AsyncIterator[AsyncIterator[bytes]]:
        """The pieces of an answer to a POST as they come; leaving early closes the socket."""
        with self._translated:
            async with self._send("POST", path, body) as response:
                if response.status != 200:
                    raise refusal(response.status, response.headers, await self._read(response))
                yield response.content.iter_any()

    async def close(self) -> None:
        """Close every socket; a later request opens new ones."""
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
                auto_decompress=True,
            )
        return self._session

    def _authorised(self) -> dict[str, str]:
        if not self.api_key:
            return self._headers
        return {**self._headers, "Authorization": f"Bearer {self.api_key.reveal()}"}

    async def _answer(self, method: str, path: str, body: bytes | None) -> bytes:
        with self._translated:
            async with self._send(method, path, body) as response:
                answer = await self._read(response)
                if response.status != 200:
                    raise refusal(response.status, response.headers, answer)
                return answer

    def _send(
        self, method: str, path: str, body: bytes | None
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        url = self._urls.get(path)
        if url is None:
            url = self._urls[path] = URL(self.base_url + path)
        return self._open().request(
            method, url, data=body, timeout=self._timeout, allow_redirects=False
        )

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        """The body, unless it is larger than allowed."""
        if response.content_length is not None and response.content_length <= self._largest:
            return await response.read()
        pieces, size = [], 0
        async for piece in response.content.iter_chunked(_PIECE):
            pieces.append(piece)
            size += len(piece)
            if size > self._largest:
                raise BadReply(f"The reply is larger than {self._largest} bytes.")
        return b"".join(pieces)


def _bare(base_url: str) -> str:
    """The URL, unless it holds what does not belong there: errors and logs show it."""
    url = URL(base_url)
    if url.user or url.password or url.query_string:
        raise BadInput("The base URL holds credentials or a query; hand the key over as `api_key`.")
    return base_url.rstrip("/")
