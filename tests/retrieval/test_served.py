"""Vectors by a server's `/embeddings`: in order, of one size, or one clear line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from tts.backends.fault_server import Fault, FaultPlan, FaultServer
from tts.engine import Engine
from tts.engine.open_retriever import open_retrieval
from tts.errors import BadReply, TTSError, UsageError
from tts.options import SessionOptions
from tts.retrieval import Corpus, Dense, ServedVectors, Store
from tts.values import Document

CORPUS = Corpus(
    (
        Document("cat", "the cat sleeps on the roof"),
        Document("dog", "a dog barks at night"),
        Document("none", "   "),
    )
)
SHORT = Fault(kind="edit", fields={"data": [{"index": 0, "embedding": [1.0, 2.0]}]})


@pytest.fixture
async def server() -> AsyncIterator[FaultServer]:
    async with FaultServer() as served:
        yield served


async def opened(server: FaultServer, model: str = "m") -> ServedVectors:
    return await asyncio.to_thread(ServedVectors, model, server.url)


async def test_the_most_similar_is_found_whatever_order_the_rows_come_in(
    server: FaultServer, tmp_path: Path
) -> None:
    served = await opened(server)
    dense = await asyncio.to_thread(Dense, CORPUS, served, Store(tmp_path), cost=None)
    [found] = await dense.retrieve("a dog at night", 1)
    assert (found.id, served.size, dense.cost) == ("dog", 64, None)
    asked = server.record.requests
    await asyncio.to_thread(Dense, CORPUS, served, Store(tmp_path))
    assert server.record.requests == asked


async def test_a_blank_text_has_no_length_and_is_not_sent(server: FaultServer) -> None:
    served = await opened(server)
    asked = server.record.requests
    vectors = await asyncio.to_thread(served.embed, ["", " \n"])
    assert np.array_equal(vectors, np.zeros((2, 64))) and server.record.requests == asked


async def test_a_vector_of_another_size_than_the_index_is_told_in_one_line(
    server: FaultServer,
) -> None:
    served = await opened(server)
    server.plan = FaultPlan(script=(SHORT,), repeat=True)
    with pytest.raises(BadReply, match=r"gives vectors of 2 numbers now; its index holds 64"):
        await asyncio.to_thread(served.embed, ["dog"])


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault(kind="status", status=404), "'embeddings:m'.*gives no vectors"),
        (Fault(kind="body", body=b"{}"), "holds no vectors"),
        (Fault(kind="edit", fields={"data": []}), "0 vectors came for 1 texts"),
    ],
)
async def test_a_server_without_vectors_is_told_in_one_line(fault: Fault, said: str) -> None:
    async with FaultServer(FaultPlan(script=(fault,), repeat=True)) as server:
        with pytest.raises(UsageError, match=said) as caught:
            await opened(server)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("embeddings", "write embeddings:MODEL"),
        ("embeddings:", "write embeddings:MODEL"),
        ("embeddings:m?url=nowhere", "The base URL"),
    ],
)
def test_a_retriever_without_a_model_or_an_address_is_refused(
    name: str, said: str, tmp_path: Path
) -> None:
    (tmp_path / "one.txt").write_text("text")
    with pytest.raises(TTSError, match=said):
        open_retrieval(SessionOptions.of(retriever=name, corpus=tmp_path))


async def test_an_embedder_that_fails_in_a_run_is_a_failed_call_and_loses_nothing(
    server: FaultServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "dog.txt").write_text("a dog barks at night")
    async with Engine(
        "simulated:1", retriever=f"embeddings:m?url={server.url}", corpus=tmp_path
    ) as engine:
        found = await engine.solve("Which animal barks?", strategy="rag(k=1)")
        server.plan = FaultPlan(script=(SHORT,), repeat=True)
        lost = await engine.solve("Which animal sleeps?", strategy="rag(k=1)")
    assert found.spend["retrieve"].calls == 1 and found.missing == {}
    assert sum(lost.missing.values()) == 1 and lost.stopped_by == "incomplete"
