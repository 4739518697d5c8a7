from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tts.backends.vllm import VLLMServerReader
from tts.errors import BadReply, ContextTooLong
from tts.protocols import MarkedRow
from tts.values import Model

ROW = MarkedRow((5, 6, 7, 8), (1, 3))


class Answering:
    """A connection that answers with a fixed number of rows."""

    base_url = "http://x/v1"

    def __init__(self, rows: int) -> None:
        self.asked: Any = None
        self._rows = rows

    async def post(self, path: str, body: bytes) -> bytes:
        self.asked = (path, msgspec.json.decode(body))
        data = [[float(at), float(at) + 0.5] for at in range(self._rows)]
        return msgspec.json.encode({"data": [{"data": data}]})

    async def close(self) -> None: ...


def reader(connection: Any) -> VLLMServerReader:
    return VLLMServerReader(Model(name="m", context_length=6), connection=connection)


async def test_ids_are_sent_and_raw_outputs_asked_for() -> None:
    connection = Answering(4)
    await reader(connection).read(ROW)
    path, body = connection.asked
    assert path == "/../pooling"
    assert (body["input"], body["use_activation"]) == ([5, 6, 7, 8], False)


async def test_rows_of_all_tokens_are_read_at_the_marks() -> None:
    reading = await reader(Answering(4)).read(ROW)
    assert reading.vectors == ((1.0, 1.5), (3.0, 3.5))


async def test_rows_of_the_marks_are_taken_as_they_come() -> None:
    reading = await reader(Answering(2)).read(ROW)
    assert reading.vectors == ((0.0, 0.5), (1.0, 1.5))


async def test_any_other_number_of_rows_is_refused() -> None:
    with pytest.raises(BadReply, match="3 rows"):
        await reader(Answering(3)).read(ROW)


async def test_a_row_beyond_the_context_is_not_sent() -> None:
    connection = Answering(4)
    with pytest.raises(ContextTooLong):
        await reader(connection).read(MarkedRow(tuple(range(7)), (6,)))
    assert connection.asked is None
