from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from tts.backends.fault_server import Fault, FaultPlan, FaultServer
from tts.backends.openai_http import HTTPGenerator
from tts.protocols import GenerateRequest
from tts.values import Capabilities, Message, Model, Sampling

CAN = Capabilities(n=True, prefill=True, logprobs=True, seed=True, keeps_stop=True)


@pytest.fixture
def ask() -> Callable[..., GenerateRequest]:
    """A request: `ask(n=2, prefix="…", stop=("\\n",), …)`."""

    def made(
        text: str = "What is 6 times 7?", *, n: int = 1, prefix: str = "", **sampling: Any
    ) -> GenerateRequest:
        return GenerateRequest(
            messages=(Message("user", text),),
            prefix=prefix,
            sampling=Sampling(**sampling),
            seeds=tuple(range(11, 11 + n)),
        )

    return made


@pytest.fixture
async def meet() -> AsyncIterator[Callable[..., Any]]:
    """A running server with one repeated fault (or a plan) and a generator in front of it."""
    async with AsyncExitStack() as stack:

        async def started(
            fault: Fault | None = None, plan: FaultPlan | None = None, **options: Any
        ) -> tuple[FaultServer, HTTPGenerator]:
            plan = plan or FaultPlan(script=(fault,), repeat=True)
            server = await stack.enter_async_context(FaultServer(plan))
            options = {"dialect": "vllm", "capabilities": CAN, "base_url": server.url} | options
            generator = HTTPGenerator(Model(name="m", context_length=32768), **options)
            stack.push_async_callback(generator.close)
            return server, generator

        yield started


@pytest.fixture
def until() -> Callable[[Callable[[], Any]], Awaitable[None]]:
    """Waits for what a server notes, as long as the test may take."""

    async def reached(holds: Callable[[], Any]) -> None:
        while not holds():  # noqa: ASYNC110 — a record has no event
            await asyncio.sleep(0.005)

    return reached
