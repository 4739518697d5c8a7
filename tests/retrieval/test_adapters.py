"""Retrievers of other libraries, by doubles of theirs."""

from __future__ import annotations

import asyncio
import threading
from types import SimpleNamespace
from typing import Any

from tts.retrieval import Foreign, from_haystack, from_llama_index
from tts.values import Document


class LlamaIndexRetriever:
    """As `llama_index.core.retrievers.BaseRetriever` answers."""

    def retrieve(self, query: str) -> list[Any]:
        self.thread = threading.current_thread()
        return [self._scored(name, query) for name in ("a", "b", "c")]

    def _scored(self, name: str, query: str) -> Any:
        node = SimpleNamespace(
            node_id=name, metadata={"title": name.upper()}, get_content=lambda: f"{query} {name}"
        )
        return SimpleNamespace(node=node, score=0.5)


class AsyncLlamaIndexRetriever(LlamaIndexRetriever):
    async def aretrieve(self, query: str) -> list[Any]:
        return self.retrieve(query)


class HaystackRetriever:
    """As a Haystack retriever component answers."""

    def run(self, query: str, top_k: int) -> dict[str, Any]:
        documents = [
            SimpleNamespace(id=str(i), content=f"{query} {i}", meta={"title": "T"})
            for i in range(top_k)
        ]
        return {"documents": documents}


def test_a_retriever_of_llama_index_is_one() -> None:
    for theirs in (LlamaIndexRetriever(), AsyncLlamaIndexRetriever()):
        ours = from_llama_index(theirs, version="1")
        assert asyncio.run(ours.retrieve("q", 2)) == [
            Document("a", "q a", "A"),
            Document("b", "q b", "B"),
        ]


def test_sync_code_of_others_runs_in_a_thread_of_its_own() -> None:
    theirs = LlamaIndexRetriever()
    asyncio.run(from_llama_index(theirs, version="1").retrieve("q", 1))
    assert theirs.thread is not threading.main_thread()


def test_a_retriever_of_haystack_is_one() -> None:
    ours = from_haystack(HaystackRetriever(), version="1")
    assert asyncio.run(ours.retrieve("q", 2)) == [
        Document("0", "q 0", "T"),
        Document("1", "q 1", "T"),
    ]


def test_another_version_is_another_identity() -> None:
    one, two = (Foreign(lambda *_: [], lambda _: Document("", ""), "own", v) for v in "12")
    assert one.identity != two.identity
