"""The gateway as a process of its own, over sockets."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

pytest.importorskip("uvicorn", reason="needs the extra serve")

from openai import (
    APIConnectionError,
    APIStatusError,
    APITimeoutError,
    AsyncOpenAI,
    OpenAI,
)

from tts.backends.fault_server import FaultPlan, FaultServer, Latency

pytestmark = pytest.mark.asyncio(loop_scope="module")
TURN: Any = [{"role": "user", "content": "What is six times seven?"}]


@dataclass
class Served:
    """A gateway in a process of its own; the last test here kills it."""

    process: asyncio.subprocess.Process
    url: str
    ledger: Path
    model: FaultServer


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """`tts serve` in front of a model's server that takes its time."""
    place = tmp_path_factory.mktemp("served")
    plan = FaultPlan(words=8, latency=Latency(kind="fixed", median=0.05))
    async with FaultServer(plan) as model:
        command = ["-m", "tts.cli", "serve", "--port", "0", "--ledger", "g.db"]
        command += ["--model", "openai:simulated", "--base-url", model.url]
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *command,
            stdout=asyncio.subprocess.PIPE,
            cwd=place,
            env={**os.environ, "XDG_CACHE_HOME": str(place)},
        )
        assert process.stdout is not None
        line = (await process.stdout.readline()).decode()
        yield Served(process, line.split()[0], place / "g.db", model)
        if process.returncode is None:
            process.kill()
        await process.wait()


def attempts(ledger: Path) -> list[tuple[str, str]]:
    """Who asked and how it ended, of every attempt that a model was sent."""
    with closing(sqlite3.connect(ledger)) as connection:
        rows = connection.execute("SELECT attempt, state FROM attempts WHERE role = 'sample'")
        return list(rows)


async def test_both_official_clients_are_served_over_a_socket(served: Served) -> None:
    with OpenAI(api_key="none", base_url=served.url) as client:
        ask = client.chat.completions.create
        answer = await asyncio.to_thread(ask, model="simulated", messages=TURN)
        assert "boxed" in (answer.choices[0].message.content or "")
    async with AsyncOpenAI(api_key="none", base_url=served.url) as client:
        stream = await client.chat.completions.create(
            model="simulated@majority_vote(n=3)", messages=TURN, stream=True
        )
        text = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])
        assert "boxed" in text


async def test_a_body_above_the_limit_is_refused_over_a_socket(served: Served) -> None:
    large: Any = [{"role": "user", "content": "x" * (5 << 20)}]
    async with AsyncOpenAI(api_key="none", base_url=served.url, max_retries=0) as client:
        with pytest.raises(APIStatusError) as raised:
            await client.chat.completions.create(model="simulated", messages=large)
    assert raised.value.status_code == 413


async def test_a_client_that_leaves_takes_its_calls_off_the_wire(served: Served) -> None:
    served.model.plan = FaultPlan(latency=Latency(kind="fixed", median=30.0))
    async with AsyncOpenAI(api_key="none", base_url=served.url, max_retries=0) as client:
        with pytest.raises(APITimeoutError):
            await client.chat.completions.create(
                model="simulated@majority_vote(n=4)", messages=TURN, timeout=1.0
            )
    await asyncio.sleep(1.0)
    record = served.model.record
    assert (record.in_flight, record.cancelled) == (0, 4)


async def test_a_gateway_that_is_killed_has_every_request_that_was_sent_on_record(
    served: Served,
) -> None:
    served.model.plan = FaultPlan(words=8, latency=Latency(kind="fixed", median=0.05))
    record, before = served.model.record, served.model.record.requests
    earlier = len(attempts(served.ledger))

    async def ask(client: AsyncOpenAI) -> None:
        await client.chat.completions.create(model="simulated@majority_vote(n=4)", messages=TURN)

    async with AsyncOpenAI(api_key="none", base_url=served.url, max_retries=0) as client:
        asking = [asyncio.ensure_future(ask(client)) for _ in range(24)]
        await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
        served.process.kill()
        ended = await asyncio.gather(*asking, return_exceptions=True)
    await served.process.wait()
    assert any(isinstance(one, APIConnectionError) for one in ended)
    on_record = attempts(served.ledger)
    assert len(on_record) - earlier >= record.requests - before > 0
    assert any(one is None for one in ended)
