"""A retrieval as a call: keyed, journalled, priced and limited like any other."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

import msgspec

from tts.errors import BadReply
from tts.protocols import Answer, Draw, Meter, OperationSpec, Reply, Retriever
from tts.values import NANO, Document, Usage

SLOWEST = 60.0
"""Seconds that an attempt may take."""
PRETENDED_WORDS = 128
"""Words of a document that a dry run pretends to find."""
Found = tuple[Document, ...]


class Retrieval:
    """Asks a retriever. Arguments of a call: (query, k); its value: documents, the best first.

    The journal keeps what was found, so a resumed run reads what it read before, and an index that
    changed since is another key.
    """

    content_type: Any = Found

    def __init__(self, retriever: Retriever) -> None:
        self.retriever = retriever
        identity = msgspec.json.encode(retriever.identity, order="deterministic")
        self.spec = OperationSpec(
            name=f"retrieve/{retriever.name}",
            version="1",
            role="retrieve",
            effect="read",
            revision=blake2b(identity, digest_size=8).hexdigest(),
            pool=f"retriever:{retriever.name}",
            timeout=SLOWEST,
        )

    def identity(self, args: tuple[Any, ...]) -> Any:
        return list(args)

    def stochastic(self, args: tuple[Any, ...]) -> bool:
        return False

    def worst(self, args: tuple[Any, ...], *, first: bool) -> Usage:
        return self._usage()

    def attributed(self, usage: Usage, *, first: bool) -> Usage:
        return usage

    def foresee(self, args: tuple[Any, ...], text_tokens: int) -> Usage:
        return self._usage()

    def max_new_tokens(self, args: tuple[Any, ...]) -> int:
        return 0

    async def perform(self, args: tuple[Any, ...], draws: Sequence[Draw], meter: Meter) -> Answer:
        query, k = args
        found = tuple(await self.retriever.retrieve(query, k))
        for one in found:
            if not isinstance(one, Document):
                raise BadReply(f"{self.retriever.name} found a {type(one).__name__}, no Document.")
        usage = self._usage()
        return Answer(replies=(Reply(content=found[:k], usage=usage),), billed=usage)

    def value(self, args: tuple[Any, ...], content: Any, key: str) -> Any:
        return content

    def pretend(self, args: tuple[Any, ...], draw: Draw) -> Any:
        text = "9 " * PRETENDED_WORDS
        return tuple(Document(f"{place}", text) for place in range(args[1]))

    def _usage(self) -> Usage:
        cost = self.retriever.cost
        return Usage(calls=1, nanodollars=None if cost is None else round(cost * NANO))
