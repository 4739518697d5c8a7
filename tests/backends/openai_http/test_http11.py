"""Whole answers over HTTP/1.1, however a server cuts them up."""

from __future__ import annotations

import asyncio
import errno
import gzip
import shutil
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from yarl import URL

from tts.backends.openai_http.errors import unconnected
from tts.backends.openai_http.http11 import Answer, HTTPClient
from tts.errors import BadReply, NotSent, Unavailable, Untrusted

BODY = b'{"ok": true}'
PACKED = gzip.compress(BODY)
FORMS = {
    "length": b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n" + BODY,
    "chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5;name=value\r\n" + BODY[:5] + b"\r\n7\r\n" + BODY[5:] + b"\r\n0\r\nTrailer: x\r\n\r\n",
    "packed": b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\nContent-Length: %d\r\n\r\n%s"
    % (len(PACKED), PACKED),
    "announced": b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
    b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n" + BODY,
}
BY_END = b"HTTP/1.0 200 OK\r\n\r\n" + BODY
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]


@asynccontextmanager
async def served(serve: Serve, **options: Any) -> AsyncIterator[HTTPClient]:
    async def guarded(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await serve(reader, writer)
        writer.close()

    writers: list[asyncio.StreamWriter] = []

    tls, secure = options.pop("tls", None), options.pop("secure", False)
    server = await asyncio.start_server(guarded, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    limits: dict[str, Any] = {"connect_timeout": 5.0, "idle_timeout": 5.0, "keepalive": 30.0}
    scheme, host = ("https", "localhost") if tls or secure else ("http", "127.0.0.1")
    client = HTTPClient(URL(f"{scheme}://{host}:{port}"), headers=(), **limits, **options)
    try:
        yield client
    finally:
        await client.close()
        server.close()
        for writer in writers:
            writer.transport.abort()
        await asyncio.sleep(0)


async def ask(client: HTTPClient, most: int = 1000) -> Answer:
    return await client.request("POST", "/v1/x", b"{}", most)


async def request_of(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    return head + await reader.readexactly(2)


@pytest.mark.parametrize("form", FORMS)
async def test_an_answer_is_read_wherever_it_is_cut(form: str) -> None:
    cuts = iter(range(1, len(FORMS[form])))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for cut in cuts:
            await request_of(reader)
            writer.write(FORMS[form][:cut])
            await writer.drain()
            await asyncio.sleep(0)
            writer.write(FORMS[form][cut:])

    async with served(serve) as client:
        for _ in range(1, len(FORMS[form])):
            answer = await ask(client)
            assert (answer.status, answer.body) == (200, BODY)


async def test_an_answer_without_a_length_ends_with_its_connection() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(BY_END)

    async with served(serve) as client:
        assert [(await ask(client)).body for _ in range(2)] == [BODY, BODY]


@pytest.mark.parametrize("form", ["length", "chunks", "packed"])
async def test_an_answer_that_ends_early_is_none(form: str) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(FORMS[form][:-3])

    async with served(serve) as client:
        with pytest.raises(Unavailable, match="closed the connection before"):
            await ask(client)


async def test_a_socket_is_used_again_after_a_whole_answer_only() -> None:
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        for _ in range(3):
            await request_of(reader)
            writer.write(FORMS["length"])
        await request_of(reader)
        writer.write(FORMS["length"].replace(b"OK\r\n", b"OK\r\nConnection: close\r\n"))

    async with served(serve) as client:
        for _ in range(8):
            await ask(client)
    assert connections == 2


async def test_what_nobody_asked_for_closes_the_socket_and_spoils_no_answer() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await request_of(reader)
            writer.write(FORMS["length"] + b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n!")

    async with served(serve) as client:
        for _ in range(5):
            assert (await ask(client)).body == BODY


async def test_a_cancelled_request_closes_its_socket() -> None:
    asked, gone = asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        asked.set()
        with suppress(ConnectionError):
            await reader.read()
        gone.set()

    async with served(serve) as client:
        task = asyncio.create_task(ask(client))
        await asked.wait()
        task.cancel()
        await asyncio.wait_for(gone.wait(), 5)
        assert task.cancelled() or await asyncio.wait([task])


@pytest.mark.parametrize(
    "said",
    [b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 101 Up\r\nUpgrade: h2c\r\n\r\n"],
)
async def test_what_is_no_http_is_an_unavailable_server(said: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(said)

    async with served(serve) as client:
        with pytest.raises(Unavailable):
            await ask(client)


@pytest.mark.parametrize("form", FORMS)
async def test_more_than_allowed_is_refused(form: str) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(FORMS[form])

    async with served(serve) as client:
        with pytest.raises(BadReply, match="larger than 5 bytes"):
            await ask(client, most=5)


async def test_a_refusal_is_read_as_far_as_it_matters() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(b"HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 99999999\r\n\r\n")
        for _ in range(40):
            writer.write(b"x" * 4096)
            await writer.drain()
        await reader.read()

    async with served(serve) as client:
        answer = await ask(client)
    assert (answer.status, answer.headers["retry-after"]) == (429, "7")
    assert answer.body.startswith(b"xxx")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    place = tmp_path_factory.mktemp("tls") / "both.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-keyout", str(place), "-out", f"{place}.crt", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost"),
        ],
        check=True,
        capture_output=True,
    )
    return place


def server_side(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{certificate}.crt", str(certificate))
    return context


async def answering(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        await request_of(reader)
        writer.write(FORMS["chunks"])


async def test_tls_carries_requests_to_a_server_that_is_trusted(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", f"{certificate}.crt")
    async with served(answering, tls=server_side(certificate)) as client:
        assert [(await ask(client)).body for _ in range(3)] == [BODY] * 3


async def test_nothing_is_sent_to_a_server_that_is_not_trusted(certificate: Path) -> None:
    async with served(answering, tls=server_side(certificate)) as client:
        with pytest.raises(Untrusted, match=r"The certificate of localhost:\d+ is not trusted"):
            await ask(client)


async def test_a_server_that_speaks_no_tls_is_named_and_not_tried_again() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    async with served(serve, secure=True) as client:
        with pytest.raises(Untrusted, match="speaks no TLS") as caught:
            await ask(client)
    assert not caught.value.retryable


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connect call failed"), "Connection refused"),
        (OSError(errno.EHOSTUNREACH, "Connect call failed"), "No route to host"),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "Name or service"),
        (OSError("Multiple exceptions: it is so"), "Multiple exceptions: it is so"),
    ],
)
def test_an_address_that_cannot_be_reached_is_named_with_the_reason_in_words(
    error: OSError, words: str
) -> None:
    told = unconnected("models.test:8000", error)
    assert isinstance(told, NotSent)
    assert str(told).startswith(f"Cannot connect to models.test:8000: {words}")


async def test_a_socket_that_the_server_closed_meanwhile_is_not_used_again() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(FORMS["length"])

    async with served(serve) as client:
        for _ in range(3):
            assert (await ask(client)).body == BODY
            while client.kept:  # noqa: ASYNC110 — the loop itself is what has to turn
                await asyncio.sleep(0)
