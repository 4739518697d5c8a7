"""The fault table: what each misbehaviour of a server becomes (F1 to F15)."""

from __future__ import annotations

import asyncio
import socket
from time import monotonic
from typing import Any, get_args

import pytest

from tts.backends.fault_server import Fault, FaultKind, FaultPlan, FaultServer, Latency
from tts.backends.openai_http import Connection, HTTPGenerator
from tts.backends.secret import Secret
from tts.errors import (
    BadInput,
    BadReply,
    BadRequest,
    CallError,
    CallTimeout,
    NotSent,
    RateLimited,
    Unauthorized,
    Unavailable,
)
from tts.eval.bench.measuring import peak
from tts.protocols import Meter
from tts.values import Model

USAGE = {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}


async def test_f1_a_rate_limit_carries_its_wait(meet: Any, ask: Any) -> None:
    _, generator = await meet(Fault(kind="status", status=429, headers={"Retry-After": "2"}))
    with pytest.raises(RateLimited) as caught:
        await generator.generate(ask(), Meter())
    assert (caught.value.retry_after, caught.value.sent) == (2.0, "not_sent")


async def test_f2_a_long_wait_is_reported_at_once(meet: Any, ask: Any) -> None:
    _, generator = await meet(Fault(kind="status", status=429, headers={"Retry-After": "3600"}))
    with pytest.raises(RateLimited, match="429"):
        await generator.generate(ask(), Meter())


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (500, Unavailable),
        (529, Unavailable),
        (400, BadRequest),
        (401, Unauthorized),
        (404, BadRequest),
        (422, BadRequest),
    ],
)
async def test_f4_f5_a_status_is_one_request_and_one_error(
    meet: Any, ask: Any, status: int, kind: type[CallError]
) -> None:
    server, generator = await meet(Fault(kind="status", status=status))
    with pytest.raises(kind):
        await generator.generate(ask(), Meter())
    assert server.record.requests == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "no-such-host.invalid"])
async def test_f6_what_never_left_is_not_sent(ask: Any, host: str) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    generator = HTTPGenerator(Model(name="m"), base_url=f"http://{host}:{port}/v1")
    meter = Meter()
    with pytest.raises(NotSent):
        await generator.generate(ask(), meter)
    assert meter.usage is None
    await generator.close()


@pytest.mark.parametrize(
    "kind",
    [
        "reset_before_headers",
        "reset_after_headers",
        "close_before_headers",
        "wrong_length",
        "truncated_json",
        "chunked_cut",
    ],
)
async def test_f7_what_broke_off_may_have_been_billed(meet: Any, ask: Any, kind: Any) -> None:
    _, generator = await meet(Fault(kind=kind))
    meter = Meter()
    with pytest.raises(Unavailable) as caught:
        await generator.generate(ask(), meter)
    assert caught.value.sent == "sent_unknown" and meter.usage is None


@pytest.mark.parametrize("kind", ["stall", "stall_after_headers"])
async def test_f8_silence_ends_at_the_idle_timeout(
    meet: Any, ask: Any, until: Any, kind: Any
) -> None:
    server, generator = await meet(Fault(kind=kind), idle_timeout=0.3)
    before = monotonic()
    with pytest.raises(CallTimeout):
        await generator.generate(ask(), Meter())
    assert monotonic() - before >= 0.29
    await until(lambda: server.record.cancelled and not server.record.in_flight)
    assert (server.record.cancelled, server.record.in_flight) == (1, 0)


async def test_f8_dripping_bytes_are_not_silence(meet: Any, ask: Any) -> None:
    _, generator = await meet(Fault(kind="slow", seconds=0.0005), idle_timeout=0.3)
    assert (await generator.generate(ask(), Meter())).completions[0]


async def test_f8_a_gzip_bomb_is_one_failed_attempt_that_is_not_unpacked(
    meet: Any, ask: Any
) -> None:
    server, generator = await meet(plan=FaultPlan(script=(Fault(kind="gzip_bomb", keep=256),)))
    before = peak()
    with pytest.raises(BadReply, match="larger than"):
        await generator.generate(ask(), Meter())
    assert peak() - before < 64 << 10
    assert (await generator.generate(ask(), Meter())).completions[0]
    assert server.record.requests == 2


async def test_f8_a_stalled_stream_ends_at_the_idle_timeout(meet: Any, ask: Any) -> None:
    _, generator = await meet(Fault(kind="stream_stall", keep=3), idle_timeout=0.3)
    with pytest.raises(CallTimeout):
        await generator.generate(ask(), Meter(), lambda index, text: None)


@pytest.mark.parametrize(
    "usage",
    [
        None,
        {},
        "none",
        USAGE | {"prompt_tokens": None},
        USAGE | {"prompt_tokens": -9},
        USAGE | {"completion_tokens": "4"},
        USAGE | {"completion_tokens": 1e30},
        USAGE | {"prompt_tokens": 10**9},
        USAGE | {"total_tokens": 99},
        {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
    ],
)
async def test_f9_garbage_usage_is_estimated_and_never_free(
    meet: Any, ask: Any, usage: Any
) -> None:
    _, generator = await meet(Fault(kind="edit", fields={"usage": usage}))
    reply = await generator.generate(ask(), Meter())
    assert reply.estimated
    assert reply.usage.prompt_tokens > 0 and reply.usage.completion_tokens > 0
    assert reply.usage.nanodollars is None


@pytest.mark.parametrize("keep", [0, 1, 2])
async def test_f10_fewer_choices_are_missing_draws(meet: Any, ask: Any, keep: int) -> None:
    _, generator = await meet(Fault(kind="fewer_choices", keep=keep))
    draws = (await generator.generate(ask(n=3), Meter())).completions
    assert [draw is not None for draw in draws] == [place < keep for place in range(3)]


@pytest.mark.parametrize(
    ("fields", "text", "reason"),
    [
        ({"message": {"content": None}}, "", "stop"),
        ({"message": {"content": None, "reasoning_content": "hm"}}, "", "reasoning_only"),
        ({"message": {"content": [{"type": "text", "text": "a"}]}}, "a", "stop"),
        ({"message": {"content": "a"}, "finish_reason": "content_filter"}, "a", "content_filter"),
        ({"message": {"content": "a"}, "finish_reason": "new"}, "a", "unknown"),
    ],
)
async def test_f10_odd_choices_are_read(
    meet: Any, ask: Any, fields: dict[str, Any], text: str, reason: str
) -> None:
    _, generator = await meet(Fault(kind="edit_choice", fields=fields))
    draw = (await generator.generate(ask(), Meter())).completions[0]
    assert (draw.text, draw.finish_reason) == (text, reason)


@pytest.mark.parametrize("value", [b"NaN", b"Infinity", b"-Infinity", b"null"])
async def test_f11_no_log_probability_is_without_a_number(
    meet: Any, ask: Any, value: bytes
) -> None:
    _, generator = await meet(Fault(kind="replace", old=b"-0.02", new=value))
    draw = (await generator.generate(ask(logprobs=1), Meter())).completions[0]
    assert draw.text
    assert all(-9999.0 <= token.logprob <= 0 for token in draw.logprobs)


@pytest.mark.parametrize(
    ("new", "text"), [(b"\xff", "\ufffd"), (b"\\ud800", "\ufffd"), (b"\\u0000", "\0")]
)
async def test_f13_broken_characters_are_replaced(
    meet: Any, ask: Any, new: bytes, text: str
) -> None:
    plan = FaultPlan(script=(Fault(kind="replace", old=b"@", new=new),), answer=lambda *_: "a@b")
    _, generator = await meet(plan=plan)
    draw = (await generator.generate(ask(), Meter())).completions[0]
    assert draw.text == f"a{text}b"


@pytest.mark.timeout(300)
async def test_f13_a_reply_of_many_megabytes_comes_whole(meet: Any, ask: Any) -> None:
    _, generator = await meet(plan=FaultPlan(answer=lambda *_: "x" * (50 << 20)))
    draw = (await generator.generate(ask(max_tokens=1 << 19), Meter())).completions[0]
    assert len(draw.text) == 50 << 20


async def test_f14_a_redirect_is_not_followed_and_the_key_stays_here(meet: Any, ask: Any) -> None:
    async with FaultServer() as other:
        away = Fault(
            kind="status", status=307, headers={"Location": f"{other.url}/chat/completions"}
        )
        _, generator = await meet(away, api_key=Secret("sk-canary"))
        with pytest.raises(BadRequest, match="redirect"):
            await generator.generate(ask(), Meter())
        assert other.record.connections == 0


async def test_f15_five_hundred_and_twelve_requests_are_in_flight_at_once(
    meet: Any, ask: Any
) -> None:
    server, generator = await meet(plan=FaultPlan(latency=Latency(median=1.0)))
    async with asyncio.TaskGroup() as group:
        for place in range(512):
            group.create_task(generator.generate(ask(str(place)), Meter()))
    assert server.record.most_in_flight == 512


async def test_another_body_than_json_is_a_bad_reply(meet: Any, ask: Any) -> None:
    _, generator = await meet(Fault(kind="body", body=b"<html>proxy</html>"))
    with pytest.raises(BadReply):
        await generator.generate(ask(), Meter())


async def test_an_error_under_status_200_is_an_error(meet: Any, ask: Any) -> None:
    said = b'{"error":{"message":"upstream is busy","code":429}}'
    _, generator = await meet(Fault(kind="body", body=said))
    with pytest.raises(RateLimited, match="busy"):
        await generator.generate(ask(), Meter())


async def test_the_key_never_appears_where_a_server_echoes_it(meet: Any, ask: Any) -> None:
    echo = Fault(kind="status", status=400, body=b'{"error":{"message":"bad key sk-canary"}}')
    _, generator = await meet(echo, api_key=Secret("sk-canary"))
    with pytest.raises(BadRequest) as caught:
        await generator.generate(ask(), Meter())
    assert "canary" not in repr(caught.value) and "***" in str(caught.value)


async def test_a_cancelled_request_frees_the_server(meet: Any, ask: Any, until: Any) -> None:
    server, generator = await meet(Fault(kind="stall"))
    task = asyncio.create_task(generator.generate(ask(), Meter()))
    await until(lambda: server.record.in_flight)
    task.cancel()
    await asyncio.wait([task])
    await until(lambda: server.record.cancelled and not server.record.in_flight)
    assert (server.record.cancelled, server.record.in_flight) == (1, 0)


async def test_a_reply_above_the_limit_is_refused(ask: Any) -> None:
    async with FaultServer(FaultPlan(answer=lambda *_: "x" * 5000)) as server:
        connection = Connection(server.url, largest_reply=1000)
        generator = HTTPGenerator(Model(name="m"), connection=connection)
        with pytest.raises(BadReply, match="larger than 1000"):
            await generator.generate(ask(), Meter())
        await generator.close()


@pytest.mark.parametrize("url", ["http://u:sk-canary@h/v1", "http://h/v1?key=sk-canary"])
def test_a_key_inside_the_url_is_refused_unshown(url: str) -> None:
    with pytest.raises(BadInput) as caught:
        Connection(url)
    assert "canary" not in str(caught.value)


EVERY_FAULT = tuple(
    Fault(kind=kind, seconds=0.0, body=b"?", fields={"usage": 0, "choices": None}, keep=1)
    for kind in get_args(FaultKind)
)


@pytest.mark.parametrize("listener", [None, lambda index, text: None], ids=["whole", "stream"])
async def test_nothing_but_call_errors_leaves_whatever_the_server_does(
    meet: Any, ask: Any, until: Any, listener: Any
) -> None:
    plan = FaultPlan(rate=0.8, mix=EVERY_FAULT, seed=3)
    server, generator = await meet(plan=plan, idle_timeout=0.3)
    draws = [generator.generate(ask(str(place), n=2), Meter(), listener) for place in range(200)]
    results = await asyncio.gather(*draws, return_exceptions=True)
    failures = [result for result in results if isinstance(result, BaseException)]
    assert {type(failure) for failure in failures} <= set(CallError.__subclasses__())
    assert 20 < len(failures) < 180
    await until(lambda: not server.record.in_flight)


async def told(generator: Any, request: Any, meter: Meter) -> Any:
    """What a draw by callbacks is told."""
    came: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    assert generator.begin(request, meter, came.set_result) is not None
    return await asyncio.wait_for(came, 10.0)


@pytest.mark.parametrize("kind", [kind for kind in get_args(FaultKind) if "stream" not in kind])
async def test_a_fault_is_the_same_by_callbacks_and_by_a_coroutine(
    meet: Any, ask: Any, kind: Any
) -> None:
    fault = Fault(kind=kind, status=429, headers={"Retry-After": "2"}, seconds=0.001)
    found = []
    for by_callbacks in (False, True):
        plan = FaultPlan(script=(None, fault))
        _, generator = await meet(plan=plan, idle_timeout=0.5)
        await generator.generate(ask(), Meter())
        meter = Meter()
        if by_callbacks:
            reply = await told(generator, ask(), meter)
        else:
            try:
                reply = await generator.generate(ask(), meter)
            except CallError as error:
                reply = error
        found.append((repr(reply), getattr(reply, "retry_after", None), meter.usage))
    assert found[0] == found[1]
