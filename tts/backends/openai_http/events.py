"""Server-sent events."""

from __future__ import annotations

from collections.abc import AsyncIterator


async def events(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The data of each event, however the bytes were cut on their way.

    Lines end in LF or CRLF; comments and other fields are skipped; data lines of one event are
    joined by LF. An event that the stream's end cuts off counts, as the last line of a server that
    omits the final blank one. (WHATWG HTML, section 9.2.)
    """
    rest, data = b"", list[bytes]()
    async for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            bare = line.removesuffix(b"\r")
            if not bare and data:
                yield b"\n".join(data)
                data.clear()
            data.extend(_data(bare))
    data.extend(_data(rest.removesuffix(b"\r")))
    if data:
        yield b"\n".join(data)


def _data(line: bytes) -> tuple[bytes, ...]:
    if not line.startswith(b"data:"):
        return ()
    return (line[5:].removeprefix(b" "),)
