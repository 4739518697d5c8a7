"""Requests below the routes: heads within a limit, and what is no HTTP refused in the API's shape."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from tts.gateway.errors import ApiError

LARGEST_HEAD = 64 << 10
"""Bytes of a request before its body, beside what one read of the socket brings."""


class BoundedHeads(HttpToolsProtocol):
    """uvicorn's protocol, which by itself keeps a head that never ends."""

    _begun = _size = 0
    """Heads so far; bytes of the last one, but for those that came with what was before it."""
    _in_head = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._begun, self._size, self._in_head = 0, 0, True

    def data_received(self, data: bytes) -> None:
        begun = self._begun
        super().data_received(data)
        if self._in_head and begun == self._begun:
            self._size += len(data)
        if self._size > LARGEST_HEAD and not self.transport.is_closing():
            told = f"The head of a request has at most {LARGEST_HEAD} bytes."
            self._refuse(ApiError(431, told, code="headers_too_large"))

    def on_message_begin(self) -> None:
        self._begun, self._size, self._in_head = self._begun + 1, 0, True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_head, self._size = False, 0
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        self._refuse(ApiError(400, msg, code="invalid_http"))

    def _refuse(self, error: ApiError) -> None:
        head = b"content-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
        body = error.body
        self.transport.write(STATUS_LINE[error.status] + head % len(body) + body)
        self.transport.close()
