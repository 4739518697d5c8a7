"""Replies that are larger than what was asked for can be."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import AsyncIterator
from time import monotonic
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.backends.fault_server import Fault, FaultPlan
from tts.backends.openai_http.bounded import bounded, largest_reply
from tts.errors import BadReply, RateLimited, Unavailable
from tts.protocols import Meter

MOST = 1000
REPLY = msgspec.json.encode(
    {"choices": [{"message": {"content": "7"}, "finish_reason": "stop"}], "usage": None}
)


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


PACKERS = {"gzip": gzip.compress, "deflate": zlib.compress, "bare deflate": raw_deflate}


async def unpacked(packed: bytes, encoding: str, *, most: int = MOST, cut: int = 7) -> bytes:
    async def pieces() -> AsyncIterator[bytes]:
        for place in range(0, len(packed), cut):
            yield packed[place : place + cut]

    return b"".join([piece async for piece in bounded(pieces(), encoding, most)])


@given(
    st.binary(max_size=MOST), st.sampled_from(sorted(PACKERS)), st.integers(1, 40), st.booleans()
)
async def test_what_was_packed_comes_back_however_it_was_cut(
    data: bytes, packer: str, cut: int, twice: bool
) -> None:
    encoding, packed = packer.split()[-1], PACKERS[packer](data)
    several = twice and encoding == "gzip"
    packed += gzip.compress(b"") if several else b""
    assert await unpacked(packed, encoding, most=3 * MOST, cut=cut) == data


@pytest.mark.parametrize("size", [MOST, MOST + 1])
@pytest.mark.parametrize("packer", ["", *PACKERS])
async def test_the_limit_is_that_of_the_content(size: int, packer: str) -> None:
    data = b"x" * size
    packed = PACKERS[packer](data) if packer else data
    if size > MOST:
        with pytest.raises(BadReply, match="larger than 1000"):
            await unpacked(packed, packer.split()[-1] if packer else "", cut=10**6)
    else:
        assert await unpacked(packed, packer.split()[-1] if packer else "") == data


@pytest.mark.parametrize("packer", PACKERS)
async def test_a_packed_body_that_ends_early_is_retried(packer: str) -> None:
    packed = PACKERS[packer](bytes(range(256)))
    with pytest.raises(Unavailable):
        await unpacked(packed[:-9], packer.split()[-1])


async def test_garbage_in_place_of_a_packed_body_is_an_error_of_the_call() -> None:
    with pytest.raises(Unavailable, match="broken"):
        await unpacked(b"no gzip at all", "gzip")


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "nonsense"])
async def test_an_encoding_that_was_not_asked_for_is_refused(encoding: str) -> None:
    with pytest.raises(BadReply, match="not asked for"):
        await unpacked(b"x", encoding)


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
@pytest.mark.parametrize("listener", [None, lambda index, text: None], ids=["whole", "stream"])
async def test_a_packed_reply_is_read(meet: Any, ask: Any, encoding: str, listener: Any) -> None:
    body = REPLY if listener is None else b"data: " + REPLY.replace(b"message", b"delta") + b"\n\n"
    told = Fault(kind="body", headers={"Content-Encoding": encoding}, body=PACKERS[encoding](body))
    _, generator = await meet(told)
    assert (await generator.generate(ask(), Meter(), listener)).completions[0].text == "7"


BOMB = gzip.compress(bytes(1 << 20)) * 512
"""Half a gigabyte of zeros in half a megabyte."""


@pytest.mark.parametrize("listener", [None, lambda index, text: None], ids=["whole", "stream"])
@pytest.mark.parametrize(
    ("body", "headers"),
    [(b"x" * (100 << 20), {}), (BOMB, {"Content-Encoding": "gzip"})],
    ids=["large", "bomb"],
)
async def test_a_reply_that_is_too_large_is_one_failed_attempt_at_once(
    meet: Any, ask: Any, body: bytes, headers: dict[str, str], listener: Any
) -> None:
    server, generator = await meet(Fault(kind="body", headers=headers, body=body))
    meter, before = Meter(), monotonic()
    with pytest.raises(BadReply, match="larger than") as caught:
        await generator.generate(ask(max_tokens=100), meter, listener)
    assert monotonic() - before < 5 and not caught.value.retryable
    assert server.record.requests == 1
    assert meter.usage is not None and meter.usage.completion_tokens == 100


async def test_a_refusal_is_read_as_far_as_it_says_something(meet: Any, ask: Any) -> None:
    large = Fault(kind="status", status=429, headers={"Retry-After": "2"}, body=b"x" * (50 << 20))
    _, generator = await meet(large)
    with pytest.raises(RateLimited) as caught:
        await generator.generate(ask(), Meter())
    assert caught.value.retry_after == 2 and len(str(caught.value)) < 1000


async def test_the_limit_grows_with_what_is_asked(ask: Any) -> None:
    def most(stream: bool = False, **asked: Any) -> int:
        return largest_reply(ask(**asked), b"", stream=stream)

    small = most(max_tokens=100)
    assert small < 1 << 20
    assert small < most(max_tokens=200) < most(max_tokens=200, n=2)
    assert small < most(max_tokens=100, logprobs=0) < most(max_tokens=100, logprobs=5)
    assert small < most(max_tokens=100, stream=True)


@pytest.mark.parametrize("listener", [None, lambda index, text: None], ids=["whole", "stream"])
async def test_the_largest_honest_reply_fits(meet: Any, ask: Any, listener: Any) -> None:
    plan = FaultPlan(answer=lambda *_: "\n" + " \x01" * 256)
    _, generator = await meet(plan=plan)
    asked = ask(max_tokens=256, n=2, logprobs=5)
    reply = await generator.generate(asked, Meter(), listener)
    assert [draw.completion_tokens for draw in reply.completions] == [256, 256]
