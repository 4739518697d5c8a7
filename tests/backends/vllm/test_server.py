from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from tts.backends.fault_server import Fault, FaultPlan, FaultServer
from tts.backends.fault_server.paths import VOCABULARY, logits, logprobs
from tts.backends.vllm import VLLMClassifyReader, VLLMLabelReader, VLLMServerReader
from tts.errors import BadReply, ContextTooLong
from tts.protocols import MarkedRow, RowReader, RowReading
from tts.values import Model

FOUR = MarkedRow((5, 6, 7, 8), (1, 3))
ROW = MarkedRow((5, 6, 7, 8, 9, 10), (1, 3, 5))
LABELS = (11, 12)
MODEL = Model(name="m", context_length=8)


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
    await reader(connection).read(FOUR)
    path, body = connection.asked
    assert path == "/../pooling"
    assert (body["input"], body["use_activation"]) == ([5, 6, 7, 8], False)


async def test_rows_of_all_tokens_are_read_at_the_marks() -> None:
    reading = await reader(Answering(4)).read(FOUR)
    assert reading.vectors == ((1.0, 1.5), (3.0, 3.5))


async def test_rows_of_the_marks_are_taken_as_they_come() -> None:
    reading = await reader(Answering(2)).read(FOUR)
    assert reading.vectors == ((0.0, 0.5), (1.0, 1.5))


async def test_any_other_number_of_rows_is_refused() -> None:
    with pytest.raises(BadReply, match="3 rows"):
        await reader(Answering(3)).read(FOUR)


async def test_a_row_beyond_the_context_is_not_sent() -> None:
    connection = Answering(4)
    with pytest.raises(ContextTooLong):
        await reader(connection).read(MarkedRow(tuple(range(7)), (6,)))
    assert connection.asked is None


async def reading(reader: RowReader, row: MarkedRow = ROW) -> RowReading:
    try:
        return await reader.read(row)
    finally:
        await reader.close()


def expected(row: MarkedRow, labels: Sequence[int] = LABELS) -> list[tuple[float, ...]]:
    """The label's log-probabilities behind each mark, from the server's own formula."""
    every = [logprobs(row.ids[: mark + 1]) for mark in row.marks]
    return [tuple(one[label] for label in labels) for one in every]


@pytest.mark.parametrize("top", [0, 1, 20, VOCABULARY])
async def test_labels_are_exact_however_unlikely_they_are(top: int) -> None:
    async with FaultServer() as server:
        found = await reading(VLLMLabelReader(MODEL, labels=LABELS, base_url=server.url, top=top))
        requests = server.record.requests
    assert list(found.vectors) == [pytest.approx(one) for one in expected(ROW)]
    assert (requests == 1) == (top == VOCABULARY)


async def test_a_label_that_stands_in_the_text_changes_nothing() -> None:
    row = MarkedRow((5, 6, LABELS[1], 8), (1, 3))
    async with FaultServer() as server:
        found = await reading(VLLMLabelReader(MODEL, labels=LABELS, base_url=server.url), row)
    assert list(found.vectors) == [pytest.approx(one) for one in expected(row)]


async def test_what_was_read_is_counted() -> None:
    async with FaultServer() as server:
        whole = await reading(
            VLLMLabelReader(MODEL, labels=LABELS, base_url=server.url, top=VOCABULARY)
        )
        apart = await reading(VLLMLabelReader(MODEL, labels=LABELS, base_url=server.url, top=0))
    assert whole.computed_tokens == 7
    assert apart.computed_tokens == 7 + 2 + 4 + 6  # each mark's labels are the next token there


async def test_a_text_that_grew_by_a_step_takes_one_request_for_its_new_mark() -> None:
    async with FaultServer() as server:
        reader = VLLMLabelReader(MODEL, labels=LABELS, base_url=server.url, top=VOCABULARY)
        await reader.read(FOUR)
        before = server.record.requests
        grown = await reader.read(ROW)
        again = await reader.read(ROW)
        assert server.record.requests == before + 1
        asked = msgspec.json.decode(server.record.seen[-1].body)
        await reader.close()
    assert list(grown.vectors) == [pytest.approx(one) for one in expected(ROW)]
    assert (grown.computed_tokens, again.computed_tokens) == (6, 0)
    assert again.vectors == grown.vectors
    assert (asked["logprob_token_ids"], "prompt_logprobs" in asked) == (list(LABELS), False)


@pytest.mark.parametrize("row", [ROW, MarkedRow((5, 6, 7, 8), (3,))])
async def test_a_server_that_does_not_report_tokens_by_their_ids_is_asked_as_before(
    row: MarkedRow,
) -> None:
    async with FaultServer(FaultPlan(names_ids=False)) as server:
        reader = VLLMLabelReader(MODEL, labels=LABELS, base_url=server.url, top=0)
        found = await reader.read(row)
        before = server.record.requests
        await reader.read(MarkedRow((9, 9, 9), (2,)))
        assert server.record.requests == before + 2  # nothing is asked by ids any more
        await reader.close()
    assert list(found.vectors) == [pytest.approx(one) for one in expected(row)]


async def test_classify_and_pooling_read_the_same_head() -> None:
    async with FaultServer() as server:
        classified = await reading(VLLMClassifyReader(MODEL, base_url=server.url))
        pooled = await reading(VLLMServerReader(MODEL, base_url=server.url))
    assert classified.vectors == pooled.vectors
    assert classified.vectors[1] == tuple(logits(ROW.ids[:4], 2))
    assert (classified.computed_tokens, pooled.computed_tokens) == (2 + 4 + 6, 6)


async def test_what_was_classified_before_is_not_asked_again() -> None:
    async with FaultServer() as server:
        reader = VLLMClassifyReader(MODEL, base_url=server.url)
        first = await reader.read(FOUR)
        grown = await reader.read(ROW)
        assert server.record.requests == 3
        await reader.close()
    assert grown.vectors[:2] == first.vectors
    assert grown.computed_tokens == 6


async def test_equal_marks_are_classified_once() -> None:
    async with FaultServer() as server:
        found = await reading(
            VLLMClassifyReader(MODEL, base_url=server.url), MarkedRow((5, 6), (1, 1, 1))
        )
        assert server.record.requests == 1
    assert len(set(found.vectors)) == 1 and len(found.vectors) == 3


@pytest.mark.parametrize("fields", [{"choices": []}, {"choices": [{}]}])
async def test_a_server_without_prompt_logprobs_is_noticed(fields: dict[str, object]) -> None:
    plan = FaultPlan(script=(Fault(kind="edit", fields=fields),), repeat=True)
    async with FaultServer(plan) as server:
        with pytest.raises(BadReply, match="0 tokens"):
            await reading(VLLMLabelReader(MODEL, labels=LABELS, base_url=server.url))


async def test_a_row_that_leaves_no_room_for_the_label_is_not_sent() -> None:
    row = MarkedRow(tuple(range(8)), (7,))
    async with FaultServer() as server:
        with pytest.raises(ContextTooLong):
            await reading(VLLMLabelReader(MODEL, labels=LABELS, base_url=server.url), row)
        assert server.record.requests == 0
