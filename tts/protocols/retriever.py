"""Who finds documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from tts.values import Document


class Retriever(Protocol):
    """Finds the documents of one corpus that suit a query; equal queries find the same.

    What it raises, or takes too long for, is a failed call and nothing worse.
    """

    @property
    def name(self) -> str:
        """As reports show it: `bm25`, `fused`."""
        ...

    @property
    def identity(self) -> Any:
        """What changes its results, the content of the corpus included, as JSON-able data: part of
        the key of every retrieval and of the manifest."""
        ...

    @property
    def cost(self) -> float | None:
        """Dollars for one retrieval; None: unknown."""
        ...

    async def retrieve(self, query: str, k: int) -> Sequence[Document]:
        """At most `k` documents, the best first."""
        ...
