"""The lines of batch files: what is asked, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec import Raw, Struct

from tts.backends.openai_http.errors import refusal
from tts.errors import BadReply, CallError, Unavailable


class _Line(Struct, frozen=True):
    """A request of a file."""

    custom_id: str
    method: str
    url: str
    body: Raw


class _Named(Struct, frozen=True):
    custom_id: str = ""


class _Response(Struct, frozen=True):
    status_code: int = 0
    body: Raw = Raw(b"null")


class _Error(Struct, frozen=True):
    code: str | None = None
    message: str | None = None


class _Answer(Struct, frozen=True):
    """A line of an output or an error file."""

    custom_id: str = ""
    response: _Response | None = None
    error: _Error | None = None


_ANSWER = msgspec.json.Decoder(_Answer)
_NAMED = msgspec.json.Decoder(_Named)


def line_of(name: str, path: str, body: bytes) -> bytes:
    """A call as a line of an input file."""
    return msgspec.json.encode(_Line(name, "POST", f"/v1{path}", Raw(body)))


def names_in(content: bytes) -> Iterator[str]:
    """The names of the calls of an input file that was sent from here."""
    for line in content.splitlines():
        if line.strip():
            yield _NAMED.decode(line).custom_id


def answers_in(content: bytes) -> Iterator[tuple[str, bytes | CallError]]:
    """Name and outcome of each line that can be read; of any other nobody knows whose it was."""
    for line in content.splitlines():
        if not line.strip():
            continue
        try:
            told = _ANSWER.decode(line)
        except msgspec.MsgspecError:
            continue
        yield told.custom_id, _outcome(told)


def _outcome(told: _Answer) -> bytes | CallError:
    response = told.response
    if response is not None and response.status_code == 200:
        return bytes(response.body)
    if response is not None and response.status_code:
        return refusal(response.status_code, {}, bytes(response.body))
    if told.error is None:
        return BadReply("A line of the batch holds neither an answer nor an error.")
    said = f"{told.error.code}: {told.error.message}"
    expired = told.error.code in ("batch_expired", "batch_cancelled")
    return Unavailable(said) if expired else BadReply(said)
