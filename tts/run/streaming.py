"""The text of one draw as it grows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from tts.errors import Dropped
from tts.graph import Node
from tts.run.run_state import RunState
from tts.values import Candidate


def streamed(run: RunState, node: Node[Candidate]) -> AsyncIterator[str]:
    """Pieces of a draw's text; what came in one piece is given in one.

    A piece is a `Piece` where the backend streams log-probabilities. It is heard from this call on,
    so one made beside `sample` misses nothing. A draw that an earlier process dropped is `Dropped`
    at once: its text was not kept.
    """
    pieces: asyncio.Queue[str | None] = asyncio.Queue()
    node.hear(pieces.put_nowait)
    node.listen(lambda _: pieces.put_nowait(None))
    return _pieces(run, node, pieces)


async def _pieces(
    run: RunState, node: Node[Candidate], pieces: asyncio.Queue[str | None]
) -> AsyncIterator[str]:
    outcome = run.settings.recorded.outcomes.get(run.id_of(node))
    if outcome is not None and outcome.kind == "dropped":
        raise Dropped(f"{node.name} was dropped by an earlier process.")
    sent = 0
    while (piece := await pieces.get()) is not None:
        sent += len(piece)
        yield piece
    rest = (await node).delta[sent:]
    if rest:
        yield rest
