"""Retrievers of other libraries and plain functions, by what they do and without importing them."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tts.tools.shielded import GRACE, in_thread, shielded
from tts.values import Document

Search = Callable[[str, int], "Iterable[Any] | Awaitable[Iterable[Any]]"]
"""(query, k) to whatever a library calls its documents; sync or async."""


@dataclass(frozen=True)
class Foreign:
    """Documents that somebody else's code finds.

    Sync code runs in a thread of its own. What hangs is left when its call runs out of time.
    """

    search: Search
    read: Callable[[Any], Document]
    name: str
    version: str
    """Change it when the same query finds other documents: nothing here can see its corpus."""
    cost: float | None = 0.0

    @property
    def identity(self) -> Any:
        return {"foreign": self.name, "version": self.version}

    async def retrieve(self, query: str, k: int) -> Sequence[Document]:
        found: Any
        if inspect.iscoroutinefunction(self.search):
            found = await shielded(self.search(query, k), grace=GRACE)
        else:
            found = await in_thread(lambda: self.search(query, k))
        return [self.read(one) for one in found][:k]


def from_llama_index(retriever: Any, *, version: str, cost: float | None = 0.0) -> Foreign:
    """A LlamaIndex `BaseRetriever`: its `aretrieve` or `retrieve` gives nodes with scores.

    How many nodes it gives is its own `similarity_top_k`; no more than `k` are taken.
    """

    async def later(query: str, k: int) -> Iterable[Any]:
        return list(await retriever.aretrieve(query))

    def now(query: str, k: int) -> Iterable[Any]:
        return list(retriever.retrieve(query))

    search: Search = later if hasattr(retriever, "aretrieve") else now
    return Foreign(search, _of_node, "llama-index", version, cost)


def _of_node(scored: Any) -> Document:
    node = getattr(scored, "node", scored)
    text = node.get_content() if hasattr(node, "get_content") else node.text
    title = (getattr(node, "metadata", None) or {}).get("title", "")
    return Document(str(node.node_id), text, str(title))


def from_haystack(retriever: Any, *, version: str, cost: float | None = 0.0) -> Foreign:
    """A Haystack retriever component or pipeline wrapper: `run(query=…, top_k=…)` gives
    `{"documents": […]}`."""

    def now(query: str, k: int) -> Iterable[Any]:
        answer: Mapping[str, Any] = retriever.run(query=query, top_k=k)
        return list(answer["documents"])

    return Foreign(now, _of_document, "haystack", version, cost)


def _of_document(found: Any) -> Document:
    title = (getattr(found, "meta", None) or {}).get("title", "")
    return Document(str(found.id), found.content or "", str(title))
