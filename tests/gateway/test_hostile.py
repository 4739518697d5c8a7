"""What nobody sends by mistake: refused early, in the API's own shape, for nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.gateway.conftest import SECRET, Place
from tts.backends.scripted import ScriptedGenerator

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
        {"stop": ["x"] * 3 + [7]},
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
    "body", [b"[" * 100_000, b'{"a":' * 100_000, b"{" + b"\x00" * 9, b"\xef\xbb\xbf{}"]
)
@pytest.mark.parametrize("path", PATHS)
async def test_what_is_no_json_object_is_a_400(place: Any, path: str, body: bytes) -> None:
    answer = await place.http.post(
        f"http://gateway/v1/{path}", content=body, headers={"authorization": f"Bearer {SECRET}"}
    )
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"
