"""Draws by callbacks over a raw socket: whatever a server does, whoever asked is told once."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from tts.backends.openai_http import HTTPGenerator
from tts.backends.openai_http.http11 import LARGEST_HEAD
from tts.backends.openai_http.usage import PromptCount
from tts.backends.secret import Secret
from tts.errors import (
    BadReply,
    BadRequest,
    CallError,
    CallTimeout,
    Crashed,
    RateLimited,
    Unauthorized,
    Unavailable,
)
from tts.protocols import GenerateReply, Meter
from tts.values import Model

KEY = "sk-very-secret"
REPLY = json.dumps(
    {
        "choices": [{"index": 0, "message": {"content": "42"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 1},
    }
).encode()


def whole(body: bytes = REPLY, status: str = "200 OK", *headers: str) -> bytes:
    head = "".join(f"{line}\r\n" for line in (*headers, f"Content-Length: {len(body)}"))
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body


def chunked(body: bytes, size: int, *headers: str) -> bytes:
    head = "".join(f"{line}\r\n" for line in (*headers, "Transfer-Encoding: chunked"))
    pieces = [body[i : i + size] for i in range(0, len(body), size)]
    framed = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    return f"HTTP/1.1 200 OK\r\n{head}\r\n".encode() + framed + b"0\r\n\r\n"


Say = Callable[[asyncio.StreamWriter], Awaitable[None]]


def says(*pieces: bytes, end: bool = False) -> Say:
    async def say(writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        if end:
            writer.close()

    return say


class Desk:
    """A generator in front of a server that has answered once, so that a socket is kept."""

    def __init__(self, generator: HTTPGenerator, ask: Any) -> None:
        self.generator, self.ask = generator, ask
        self.refusals = 0

    def begin(self, meter: Meter | None = None) -> tuple[Any, list[Any], asyncio.Event]:
        told, came = list[Any](), asyncio.Event()

        def drawn(reply: GenerateReply | CallError) -> None:
            told.append(reply)
            came.set()

        return self.generator.begin(self.ask(), meter or Meter(), drawn), told, came

    async def draw(self, meter: Meter | None = None) -> Any:
        """What a draw by callbacks is told, once."""
        abort, told, came = self.begin(meter)
        assert abort is not None, "no socket was kept"
        await asyncio.wait_for(came.wait(), 5.0)
        await asyncio.sleep(0.01)
        assert len(told) == 1
        return told[0]


@asynccontextmanager
async def desk(ask: Any, *answers: Say, **options: Any) -> AsyncIterator[Desk]:
    said, writers = iter([says(whole()), *answers]), list[asyncio.StreamWriter]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(x for x in head.split(b"\r\n") if x.startswith(b"Content-Length"))
                await reader.readexactly(int(length.split(b":")[1]))
                await next(said, says(whole()))(writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"

    def refused() -> None:
        made.refusals += 1

    how = {"api_key": Secret(KEY), "refused": refused, "idle_timeout": 5.0} | options
    generator = HTTPGenerator(Model(name="m"), base_url=url, **how)
    made = Desk(generator, ask)
    try:
        await generator.generate(ask(), Meter())
        yield made
    finally:
        await generator.close()
        server.close()
        for writer in writers:
            writer.transport.abort()
        await asyncio.sleep(0)


def text(reply: Any) -> str:
    assert isinstance(reply, GenerateReply), reply
    (draw,) = reply.completions
    assert draw is not None
    return draw.text


PACKED = gzip.compress(REPLY)
WHOLE = {
    "in one piece": says(whole()),
    "byte by byte": says(*(bytes([byte]) for byte in whole())),
    "in chunks of a byte": says(chunked(REPLY, 1)),
    "packed, in chunks": says(chunked(PACKED, 7, "Content-Encoding: gzip")),
    "behind three announcements": says(b"HTTP/1.1 102 Processing\r\n\r\n" * 3 + whole()),
    "with more bytes behind it": says(whole() + b"and so on"),
    "with a second answer behind it": says(whole() + whole(b"{}")),
    "with a connection that ends": says(whole(REPLY, "200 OK", "Connection: close"), end=True),
    "without a length": says(b"HTTP/1.1 200 OK\r\n\r\n" + REPLY, end=True),
    "packed, without a length": says(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + PACKED, end=True
    ),
}


@pytest.mark.parametrize("form", WHOLE)
async def test_an_answer_is_read_in_any_form_and_spoils_no_later_one(ask: Any, form: str) -> None:
    async with desk(ask, WHOLE[form]) as made:
        assert text(await made.draw()) == "42"
        assert text(await made.generator.generate(ask(), Meter())) == "42"
        assert text(await made.draw()) == "42"


BROKEN = {
    "a reset in the body": (whole()[:-9], Unavailable),
    "an end before the head": (b"", Unavailable),
    "an end in the head": (b"HTTP/1.1 200 OK\r\nConte", Unavailable),
    "a packed body cut off": (
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + PACKED[:-9],
        Unavailable,
    ),
    "a bomb": (chunked(gzip.compress(bytes(1 << 26)), 9999, "Content-Encoding: gzip"), BadReply),
    "a head without end": (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * LARGEST_HEAD, BadReply),
    "a header without end": (b"HTTP/1.1 200 OK\r\nX: " + bytes([65]) * 9 * LARGEST_HEAD, BadReply),
    "trailers without end": (
        chunked(REPLY, 99)[:-2] + b"X: y\r\n" * (1 << 20),
        BadReply,
    ),
    "another encoding": (whole(REPLY, "200 OK", "Content-Encoding: br"), BadReply),
    "no JSON": (whole(b"<html>"), BadReply),
    "no HTTP": (b"220 smtp ready\r\n", Unavailable),
    "an upgrade": (b"HTTP/1.1 101 Up\r\nUpgrade: h2c\r\n\r\n", Unavailable),
}


@pytest.mark.parametrize("fault", BROKEN)
async def test_what_is_no_answer_is_told_as_an_error_and_the_next_draw_works(
    ask: Any, fault: str
) -> None:
    said, kind = BROKEN[fault]
    async with desk(ask, says(said, end=True)) as made:
        told = await made.draw()
        assert type(told) is kind, told
        assert text(await made.generator.generate(ask(), Meter())) == "42"


async def test_bytes_that_come_after_an_abort_reach_nobody(ask: Any) -> None:
    released = asyncio.Event()

    async def late(writer: asyncio.StreamWriter) -> None:
        await released.wait()
        writer.write(whole(b"late"))

    async with desk(ask, late) as made:
        abort, told, _ = made.begin()
        await asyncio.sleep(0.01)
        abort()
        released.set()
        assert text(await made.generator.generate(ask(), Meter())) == "42"
        await asyncio.sleep(0.02)
        assert told == []


async def test_a_socket_that_the_server_let_go_of_is_not_begun_on(ask: Any) -> None:
    async with desk(ask, says(whole(), end=True)) as made:
        await made.draw()
        await asyncio.sleep(0.05)
        assert made.begin()[0] is None
        assert text(await made.generator.generate(ask(), Meter())) == "42"


async def test_silence_is_told_once(ask: Any) -> None:
    async with desk(ask, says(), idle_timeout=0.2) as made:
        assert type(await made.draw()) is CallTimeout


async def test_a_client_that_closes_tells_who_waits(ask: Any) -> None:
    async with desk(ask, says(), says()) as made:
        _, told, came = made.begin()
        other = asyncio.create_task(made.generator.generate(ask(), Meter()))
        await asyncio.sleep(0.05)
        await made.generator.close()
        await asyncio.wait_for(came.wait(), 1.0)
        assert type(told[0]) is Unavailable
        with pytest.raises(Unavailable):
            await asyncio.wait_for(other, 1.0)


async def test_a_wait_that_is_asked_for_is_told(ask: Any) -> None:
    slow = says(whole(b"slow down", "429 Too Many Requests", "Retry-After: 7"))
    async with desk(ask, slow) as made:
        told = await made.draw()
        assert (type(told), told.retry_after) == (RateLimited, 7.0)


async def test_a_refusal_of_the_wording_is_told_to_who_words_it(ask: Any) -> None:
    async with desk(ask, says(whole(b"no", "400 Bad")), says(whole(b"no", "401 No"))) as made:
        assert type(await made.draw()) is BadRequest
        assert made.refusals == 1
        assert type(await made.draw()) is Unauthorized
        assert made.refusals == 1


@pytest.mark.parametrize("status", ["200 OK", "400 Bad", "401 No", "503 Down"])
@pytest.mark.parametrize("form", ["{}", '{{"error": {{"message": "{}"}}}}', '{{"error": "{}"}}'])
async def test_no_error_repeats_the_credential(ask: Any, status: str, form: str) -> None:
    said = whole(form.format(f"Bearer {KEY}").encode(), status)
    async with desk(ask, says(said), says(said)) as made:
        told = await made.draw()
        assert isinstance(told, CallError) and KEY not in repr(told) and "[redacted]" in str(told)
        with pytest.raises(CallError) as caught:
            await made.generator.generate(ask(), Meter())
        assert KEY not in repr(caught.value)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (whole(b'{"error": {"code": "%s"}}' % (b"9" * 5000)), Unavailable),
        (whole(b"[" * 100_000), BadReply),
        (whole(b"[" * 60_000, "500 No"), Unavailable),
        (
            whole(b"", "429 Slow", "Retry-After: Mon, 01 Jan 99999999999999 00:00:00 GMT"),
            RateLimited,
        ),
    ],
)
async def test_absurd_words_are_an_error_like_any_other(ask: Any, said: bytes, kind: Any) -> None:
    async with desk(ask, says(said)) as made:
        assert type(await made.draw()) is kind


async def test_a_bug_in_reading_an_answer_leaves_nobody_waiting(ask: Any) -> None:
    class Broken(PromptCount):
        def learn(self, messages: Any, prefix: str, prompt_tokens: int) -> None:
            raise ArithmeticError("oops")

    async with desk(ask, says(whole())) as made:
        made.generator._count = Broken()
        told = await made.draw()
    assert type(told) is Crashed and "ArithmeticError: oops" in str(told)


async def test_a_refusal_under_status_200_is_one_by_either_road(ask: Any) -> None:
    said = says(whole(b'{"error": {"code": 400, "message": "no"}}'))
    async with desk(ask, said, said) as made:
        assert type(await made.draw()) is BadRequest
        with pytest.raises(BadRequest):
            await made.generator.generate(ask(), Meter())
        assert made.refusals == 2


async def test_a_reply_that_cannot_be_used_is_metered_at_most(ask: Any) -> None:
    meter = Meter()
    async with desk(ask, says(whole(b"<html>"))) as made:
        await made.draw(meter)
    assert meter.usage is not None and meter.usage.completion_tokens == ask().sampling.max_tokens
