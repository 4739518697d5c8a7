"""Replies no larger than what was asked for can be, after decompression too."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator

from tts.errors import BadReply, Unavailable
from tts.protocols import GenerateRequest

_BASE = 256 << 10
"""Bytes of a reply beside its draws and the echo of its prompt."""
_TOKEN = 256
"""Bytes of a token: the longest of any vocabulary, written with JSON's escapes."""
_LISTED = 1024
"""Bytes of a token with its log-probability and its bytes, or of one more alternative."""
_CHUNK = 2048
"""Bytes of what a stream wraps around one token."""
_ECHO = 8
"""Bytes of a prompt's token id, as vLLM sends them back."""

LARGEST_REPLY = 64 << 20
"""Bytes of a reply whose request does not bound it."""
ACCEPTED = "gzip, deflate"
"""The encodings that are undone here; no other one is asked for or read."""


def largest_reply(request: GenerateRequest, sent: bytes, *, stream: bool) -> int:
    """The most bytes of a reply, by the tokens, draws and log-probabilities asked for."""
    sampling = request.sampling
    token = _TOKEN + (_CHUNK if stream else 0)
    if sampling.logprobs is not None:
        token += _LISTED * (1 + sampling.logprobs)
    return _BASE + _ECHO * len(sent) + len(request.seeds) * sampling.max_tokens * token


async def bounded(pieces: AsyncIterator[bytes], encoding: str, most: int) -> AsyncIterator[bytes]:
    """A body's content piece by piece; never holds more than `most` bytes of it at once.

    Raises `BadReply` beyond `most` bytes, packed or unpacked, and for an encoding that was not
    asked for; `Unavailable` for a packed body that is broken or ends early.
    """
    unpack, packed, size = unpacker(encoding), 0, 0
    async for piece in pieces:
        packed += len(piece)
        content = piece if unpack is None else unpack.feed(piece, most - size + 1)
        size += len(content)
        if max(packed, size) > most:
            raise too_large(most)
        if content:
            yield content
    if unpack is not None and packed and not unpack.complete:
        raise Unavailable(f"The packed reply ends early, after {packed} bytes.")


def too_large(most: int) -> BadReply:
    return BadReply(
        f"The reply is larger than {most} bytes, more than the tokens asked for can be; the rest "
        "was not read."
    )


class Unpacker:
    """Undoes gzip or deflate, a member or several, never beyond what it is told."""

    def __init__(self, *, gzip: bool) -> None:
        self._gzip = gzip
        self._inner = zlib.decompressobj(16 + zlib.MAX_WBITS) if gzip else None
        self.complete = False

    def feed(self, packed: bytes, most: int) -> bytes:
        """At most `most` bytes of what a piece holds."""
        whole = b""
        while packed and len(whole) < most:
            if self._inner is None:
                self._inner = zlib.decompressobj(zlib.MAX_WBITS if _wrapped(packed) else -15)
            try:
                whole += self._inner.decompress(packed, most - len(whole))
            except zlib.error as error:
                raise Unavailable(f"The packed reply is broken: {error}") from None
            self.complete, packed = self._inner.eof, self._inner.unused_data
            if self.complete and self._gzip and packed.strip(b"\0"):
                self._inner = zlib.decompressobj(16 + zlib.MAX_WBITS)
            elif self.complete:
                break
        return whole


def _wrapped(packed: bytes) -> bool:
    """Whether deflated bytes begin with the header of zlib (RFC 1950) and are not bare."""
    return packed[0] & 15 == 8 and (len(packed) < 2 or (packed[0] * 256 + packed[1]) % 31 == 0)


def unpacker(encoding: str) -> Unpacker | None:
    """What undoes an encoding; None: there is nothing to undo. Raises `BadReply` for others."""
    named = encoding.strip().lower()
    if named in ("", "identity"):
        return None
    if named in ("gzip", "x-gzip", "deflate"):
        return Unpacker(gzip=named != "deflate")
    raise BadReply(f"The reply is packed as {named[:40]!r}, which was not asked for.")
