"""The text of one draw as it grows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from tts.errors import Dropped
from tts.graph import Node
from tts.values import Candidate

if TYPE_CHECKING:
    from tts.run.run import Run


async def streamed(run: Run, node: Node[Candidate]) -> AsyncIterator[str]:
    """Yield pieces of a draw's text; what came in one piece is yielded in one.

    A piece is a `Piece` where the backend streams log-probabilities. A draw that an earlier process
    dropped is `Dropped` at once: its text was not kept.
    """
    outcome = run.settings.recorded.outcomes.get(run.id_of(node))
    if outcome is not None and outcome.kind == "dropped":
        raise Dropped(f"{node.name} was dropped by an earlier process.")
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
