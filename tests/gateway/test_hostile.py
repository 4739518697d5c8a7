"""What nobody sends by mistake: refused early, in the API's own shape, for nothing."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import suppress
from typing import Any

import pytest
from yarl import URL

from tests.gateway.conftest import SECRET, Place, listening
from tts.backends.scripted import ScriptedGenerator
from tts.gateway.errors import ApiError
from tts.gateway.wire import body_of

GIGABYTE = 1 << 30
TURN = {"role": "user", "content": "Is it so?"}
PATHS = ("chat/completions", "completions", "responses")


@pytest.fixture
async def place(opened: Any) -> Any:
    """A gateway on a model that notes what it is asked, which is nothing here."""
    place = await opened(ScriptedGenerator("Yes."), most_bytes=1 << 20)
    yield place
    assert place.desk.house.generator.requests == []


class Sender:
    """A client below HTTP: it sends pieces until it is answered, and counts them."""

    def __init__(self, place: Place, piece: bytes, headers: dict[str, str]) -> None:
        self.place, self.piece = place, piece
        told = {"authorization": f"Bearer {SECRET}", **headers}
        self.headers = [(name.encode(), value.encode()) for name, value in told.items()]
        self.asked, self.answer = 0, b""
        self.status = 0

    async def receive(self) -> Any:
        self.asked += 1
        return {"type": "http.request", "body": self.piece, "more_body": True}

    async def send(self, message: Any) -> None:
        self.status = message.get("status", self.status)
        self.answer += message.get("body", b"")

    async def post(self, path: str) -> tuple[int, Any]:
        scope = {"type": "http", "method": "POST", "path": f"/v1/{path}", "headers": self.headers}
        await self.place.app(scope, self.receive, self.send)
        return self.status, json.loads(self.answer)["error"]


@pytest.mark.parametrize("path", PATHS)
async def test_a_gigabyte_that_says_so_is_refused_before_a_byte_is_read(
    place: Any, path: str
) -> None:
    sender = Sender(place, b"x" * 65536, {"content-length": str(GIGABYTE)})
    status, error = await sender.post(path)
    assert (status, error["code"], sender.asked) == (413, "body_too_large", 0)


@pytest.mark.parametrize("length", ["", "-1", "12x", "0"])
async def test_a_gigabyte_that_does_not_say_so_is_refused_at_the_limit(
    place: Any, length: str
) -> None:
    headers = {"content-length": length} if length else {}
    sender = Sender(place, b"x" * 65536, headers)
    status, error = await sender.post("chat/completions")
    assert (status, error["code"]) == (413, "body_too_large")
    assert sender.asked <= (1 << 20) // 65536 + 1


async def test_a_body_that_does_not_come_is_not_waited_for_without_end() -> None:
    async def silent() -> Any:
        await asyncio.Event().wait()

    with pytest.raises(ApiError) as refused:
        await body_of(silent, "12", most=1 << 20, seconds=0.01)
    assert (refused.value.status, refused.value.code) == (408, "body_too_slow")


@pytest.mark.parametrize("name", ["x-tts-strategy", "x-tts-budget", "idempotency-key"])
async def test_what_a_header_of_a_request_holds_is_never_one_of_the_answer(
    opened: Any, name: str
) -> None:
    place = await opened(ScriptedGenerator(["Yes."]))
    evil = b"x\r\nset-cookie: a=b\xff"
    told = {b"authorization": b"Bearer " + SECRET.encode(), name.encode(): evil}
    sender = Sender(place, json.dumps({"messages": [TURN]}).encode(), {})
    sender.headers = list(told.items())
    answered: list[Any] = []

    async def receive() -> Any:
        sender.asked += 1
        if sender.asked > 1:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": sender.piece, "more_body": False}

    async def send(message: Any) -> None:
        answered.append(message)

    scope = {"type": "http", "method": "POST", "path": "/v1/chat/completions"}
    await place.app({**scope, "headers": sender.headers}, receive, send)
    head = answered[0]
    assert head["status"] == (200 if name == "idempotency-key" else 400)
    assert all(key != b"set-cookie" for key, _ in head["headers"])
    assert all(b"\r" not in value and b"\n" not in value for _, value in head["headers"])


def exchanged(port: int | None, sent: bytes) -> bytes:
    """What a server says to these bytes, which it need not read to their end."""
    with socket.create_connection(("127.0.0.1", port or 0), timeout=60) as connection:
        with suppress(OSError):
            connection.sendall(sent)
        return connection.recv(1 << 16)


HEAD = b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\n"
ENDLESS = b"X-Endless: " + b"a" * (1 << 20)


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (HEAD + ENDLESS, 431, "headers_too_large"),
        (HEAD + b"X-A: a\r\n" * 200_000, 431, "headers_too_large"),
        (b"POST /" + b"a" * (1 << 20), 431, "headers_too_large"),
        (HEAD + b"Content-Length: -5\r\n\r\n", 400, "invalid_http"),
        (HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400, "invalid_http"),
        (b"\x16\x03\x01 no HTTP at all\r\n\r\n", 400, "invalid_http"),
    ],
    ids=["one header", "many headers", "path", "length", "two lengths", "no HTTP"],
)
async def test_what_is_no_request_is_refused_in_the_shape_of_the_api(
    place: Any, sent: bytes, status: int, code: str
) -> None:
    async with listening(place.app) as url:
        came = await asyncio.to_thread(exchanged, URL(url).port, sent)
    head, _, body = came.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert json.loads(body)["error"]["code"] == code


async def test_a_wrong_key_is_refused_before_a_byte_is_read(place: Any) -> None:
    sender = Sender(place, b"x", {"authorization": "Bearer sk-wrong"})
    status, error = await sender.post("chat/completions")
    assert (status, error["code"], sender.asked) == (401, "invalid_api_key", 0)


@pytest.mark.parametrize(
    "fields",
    [
        {"n": 10**6},
        {"n": -1},
        {"n": 10**30},
        {"max_tokens": 10**30},
        {"temperature": 1e400},
        {"n": 0},
        {"n": "3"},
        {"n": True},
        {"max_tokens": 0},
        {"max_completion_tokens": -1},
        {"temperature": -1},
        {"top_p": 2},
        {"seed": 1.5},
        {"seed": 10**30},
        {"stream": "yes"},
        {"logprobs": True},
        {"top_logprobs": 5},
        {"tools": "all"},
        {"tools": ["add"]},
        {"response_format": 7},
        {"response_format": "json"},
        {"stop": ["x"] * 3 + [7]},
        {"stop": ""},
        {"stop": ["END", ""]},
        {"messages": []},
        {"messages": [{"role": "wizard", "content": "x"}]},
        {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]},
        {"messages": [TURN, "not a turn"]},
        {"messages": [{**TURN, "tool_calls": [{"id": 7}]}]},
        {"model": "scripted@best_of_n(n=4" + "(" * 5000},
        {"model": "scripted@" + "x" * 100_000},
        {"model": "scripted@majority_vote(n=!!python/object:os.system)"},
        {"tts": {"budget": "1e400 tokens"}},
        {"tts": {"budget": "-5 tokens"}},
        {"tts": {"budget": "nan tokens"}},
        {"tts": {"strategy": "rag(k=3)"}},
        {"tts": []},
        {"stream_options": 3},
    ],
    ids=lambda value: str(value)[:48],
)
async def test_what_cannot_be_is_a_400(place: Any, fields: Any) -> None:
    body = json.dumps({"model": "scripted", "messages": [TURN], **fields}).encode()
    answer = await place.http.post(
        "http://gateway/v1/chat/completions",
        content=body.replace(b"Infinity", b"1e400"),
        headers={"authorization": f"Bearer {SECRET}"},
    )
    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    assert error["type"] == "invalid_request_error"
    assert len(error["message"]) <= 600


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"{" + b"\x00" * 9,
        b"\xef\xbb\xbf{}",
        b'{"model": "\xff\xfe"}',
        b'{"model": "\\ud800"}',
        b'{"temperature": NaN}',
    ],
    ids=lambda body: repr(body[:24]),
)
@pytest.mark.parametrize("path", PATHS)
async def test_what_is_no_json_object_is_a_400(place: Any, path: str, body: bytes) -> None:
    answer = await place.http.post(
        f"http://gateway/v1/{path}", content=body, headers={"authorization": f"Bearer {SECRET}"}
    )
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"
