"""Reports while they are made: nobody looks at nothing meanwhile, and none is made twice at once."""

from __future__ import annotations

import asyncio

from tts.eval.report import ComparisonReport
from tts.eval.view.outline import Outline
from tts.eval.view.source import Source

PATIENCE = 0.4
"""Seconds that whoever asks waits for a report before hearing how far it is."""
MOST = 2_000
"""Runs of a job whose report is waited for at all: of more, what is known is told at once, before
their grading takes the processor."""
KEPT = 5.0
"""Seconds for which a report is handed out as it was made: who was told to ask again finds it,
however many runs have ended since."""


class Reports:
    """The reports of one source, each made in a thread, one at a time."""

    def __init__(self, source: Source, *, patience: float = PATIENCE, most: int = MOST) -> None:
        self._source, self._patience, self._most = source, patience, most
        self._lock = asyncio.Lock()
        self._made: dict[str, asyncio.Task[ComparisonReport]] = {}

    async def of(self, job: str) -> ComparisonReport | Outline:
        """The report, or what is known until it is there; raises what making it raises."""
        made, outline = self._made.get(job), None
        if made is None:
            outline = await asyncio.to_thread(self._source.outline, job)
            made = self._made.get(job) or self._begin(job)
            if outline is not None and outline.ended > self._most:
                return outline
        await asyncio.wait({made}, timeout=self._patience)
        if not made.done():
            outline = outline or await asyncio.to_thread(self._source.outline, job)
            if outline is not None:
                return outline
        return await asyncio.shield(made)

    async def close(self) -> None:
        """End those that are being made."""
        self._source.close()
        if self._made:
            await asyncio.wait(self._made.values())

    def _begin(self, job: str) -> asyncio.Task[ComparisonReport]:
        made = self._made[job] = asyncio.create_task(self._make(job))
        made.add_done_callback(lambda _: self._ended(job, made))
        return made

    async def _make(self, job: str) -> ComparisonReport:
        async with self._lock:
            return await asyncio.to_thread(self._source.report, job)

    def _ended(self, job: str, made: asyncio.Task[ComparisonReport]) -> None:
        if not made.cancelled():
            made.exception()  # perhaps nobody asks again, and then nobody hears of it
        asyncio.get_running_loop().call_later(KEPT, self._made.pop, job, None)
