"""A replayed Run ends no sooner than the record says."""

from __future__ import annotations

import asyncio

from tts.run.recorded import Recorded

TURNS = 50
"""Turns of the loop in which most replays have seen everything."""
PAUSE = 0.01
"""Seconds between two looks from then on."""
PATIENCE = 1000
"""Looks in a row that saw nothing new: what is missing then does not come, as from other code."""


async def caught_up(recorded: Recorded, path: str) -> None:
    """Wait until every call that an earlier process charged under a path has come again.

    A refusal is repeated at once, while calls that were paid for before it fell take their turns;
    their candidates count, so what they belong to must not be closed before they are back.
    """
    idle, missing = 0, recorded.pending(path)
    while missing and idle < PATIENCE:
        await asyncio.sleep(0 if idle < TURNS else PAUSE)
        before, missing = missing, recorded.pending(path)
        idle = 0 if missing < before else idle + 1
