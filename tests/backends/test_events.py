from __future__ import annotations

import itertools
from collections.abc import AsyncIterator

from hypothesis import given
from hypothesis import strategies as st

from tts.backends.openai_http.events import events

STREAM = (
    ': hello\r\n\r\ndata: {"a": "é"}\r\n\r\nevent: x\ndata:1\ndata: 2\n\ndata: [DONE]\n\n'.encode()
)
EXPECTED = ['{"a": "é"}'.encode(), b"1\n2", b"[DONE]"]


async def _cut(stream: bytes, places: list[int]) -> AsyncIterator[bytes]:
    edges = [0, *sorted(place % len(stream) for place in places), len(stream)]
    for start, end in itertools.pairwise(edges):
        yield stream[start:end]


@given(st.lists(st.integers(0, 200), max_size=30))
async def test_events_do_not_depend_on_how_the_bytes_were_cut(places: list[int]) -> None:
    assert [data async for data in events(_cut(STREAM, places))] == EXPECTED


async def test_a_last_event_without_its_blank_line_counts() -> None:
    assert [data async for data in events(_cut(b"data: 1\n\ndata: 2", []))] == [b"1", b"2"]
