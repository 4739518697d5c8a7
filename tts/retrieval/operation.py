"""A retrieval as a call: keyed, journalled, priced and limited like any other."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

import msgspec
from msgspec.structs import replace

from tts.errors import BadReply
from tts.protocols import Answer, Draw, FlatCall, Meter, OperationSpec, Retriever, of_dollars
from tts.values import Document

SLOWEST = 600.0
"""Seconds that an attempt may take: those in which this process is busy with others count, too."""
PRETENDED_WORDS = 128
"""Words of a document that a dry run pretends to find."""
Found = tuple[Document, ...]


class Retrieval(FlatCall):
    """Asks a retriever. Arguments of a call: (query, k); its value: documents, the best first.

    The journal keeps what was found, so a resumed run reads what it read before, and an index that
    changed since is another key.
    """

    content_type: Any = Found

    def __init__(self, retriever: Retriever) -> None:
        self.retriever = retriever
        self.flat_cost = replace(of_dollars(retriever.cost), retrievals=1)
        self.spec = OperationSpec(
            name=f"retrieve/{retriever.name}",
            version="1",
            role="retrieve",
            effect="read",
            revision=revision_of(retriever.identity),
            pool=f"retriever:{retriever.name}",
            timeout=SLOWEST,
        )

    def identity(self, args: tuple[Any, ...]) -> Any:
        return list(args)

    async def perform(self, args: tuple[Any, ...], draws: Sequence[Draw], meter: Meter) -> Answer:
        query, k = args
        found = tuple(await self.retriever.retrieve(query, k))
        for one in found:
            if not isinstance(one, Document):
                raise BadReply(f"{self.retriever.name} found a {type(one).__name__}, no Document.")
        return self.answered(found[:k])

    def value(self, args: tuple[Any, ...], content: Any, key: str) -> Any:
        return content

    def pretend(self, args: tuple[Any, ...], draw: Draw) -> Any:
        text = "9 " * PRETENDED_WORDS
        return tuple(Document(f"{place}", text) for place in range(args[1]))


def revision_of(identity: Any) -> str:
    """A digest of a retriever's identity."""
    told = msgspec.json.encode(identity, order="deterministic")
    return blake2b(told, digest_size=8).hexdigest()
