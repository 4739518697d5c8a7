from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from tts.backends.fault_server import Fault, FaultPlan, FaultServer
from tts.backends.openai_sdk import SDKGenerator
from tts.backends.secret import Secret
from tts.errors import (
    BadRequest,
    CallError,
    CallTimeout,
    NotSent,
    RateLimited,
    Unauthorized,
    Unavailable,
)
from tts.protocols import Meter
from tts.values import Capabilities, Model


@pytest.fixture
async def sdk() -> AsyncIterator[Callable[..., Any]]:
    async with AsyncExitStack() as stack:

        async def started(plan: FaultPlan | None = None) -> tuple[FaultServer, SDKGenerator]:
            server = await stack.enter_async_context(FaultServer(plan))
            generator = SDKGenerator(
                Model(name="m"),
                base_url=server.url,
                api_key=Secret("sk-canary"),
                capabilities=Capabilities(n=True, seed=True, prefill=True),
                idle_timeout=0.5,
            )
            stack.push_async_callback(generator.close)
            return server, generator

        yield started


async def test_the_package_draws_the_same_texts(sdk: Any, meet: Any, ask: Any) -> None:
    server, generator = await sdk()
    _, plain = await meet(dialect="openai")
    reply = await generator.generate(ask(n=2), Meter())
    assert reply == await plain.generate(ask(n=2), Meter())
    assert server.record.seen[0].authorization == "Bearer sk-canary"


async def test_the_package_streams(sdk: Any, ask: Any) -> None:
    _, generator = await sdk()
    heard = list[str]()
    reply = await generator.generate(ask(), Meter(), lambda index, text: heard.append(text))
    assert reply.completions[0].text == "".join(heard) and len(heard) > 3


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault(kind="status", status=429, headers={"Retry-After": "2"}), RateLimited),
        (Fault(kind="status", status=500), Unavailable),
        (Fault(kind="status", status=400), BadRequest),
        (Fault(kind="status", status=401), Unauthorized),
        (Fault(kind="reset_before_headers"), Unavailable),
        (Fault(kind="wrong_length"), Unavailable),
        (Fault(kind="truncated_json"), Unavailable),
        (Fault(kind="stall"), CallTimeout),
    ],
    ids=lambda value: getattr(value, "kind", ""),
)
async def test_the_packages_errors_become_the_same_and_are_not_retried_inside(
    sdk: Any, ask: Any, fault: Fault, kind: type[CallError]
) -> None:
    server, generator = await sdk(FaultPlan(script=(fault,), repeat=True))
    with pytest.raises(kind) as caught:
        await generator.generate(ask(), Meter())
    assert server.record.requests == 1
    assert caught.value.retry_after == (2.0 if kind is RateLimited else None)
    assert "canary" not in str(caught.value)


async def test_a_refused_connection_is_not_sent(sdk: Any, ask: Any) -> None:
    server, generator = await sdk()
    await server.stop()
    with pytest.raises(NotSent):
        await generator.generate(ask(), Meter())


async def test_cancelling_frees_the_server(sdk: Any, ask: Any, until: Any) -> None:
    server, generator = await sdk(FaultPlan(script=(Fault(kind="stall"),)))
    task = asyncio.create_task(generator.generate(ask(), Meter()))
    await until(lambda: server.record.in_flight)
    task.cancel()
    await asyncio.wait([task])
    await until(lambda: server.record.cancelled and not server.record.in_flight)
    assert (server.record.cancelled, server.record.in_flight) == (1, 0)
