"""The text of one draw as it grows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from tts.graph import Node
from tts.values import Candidate


async def streamed(node: Node[Candidate]) -> AsyncIterator[str]:
    """Yield pieces of a draw's text; what came in one piece is yielded in one."""
    pieces: asyncio.Queue[str | None] = asyncio.Queue()
    sent = 0
    node.hear(pieces.put_nowait)
    node.listen(lambda _: pieces.put_nowait(None))
    while (piece := await pieces.get()) is not None:
        sent += len(piece)
        yield piece
    rest = (await node).delta[sent:]
    if rest:
        yield rest
