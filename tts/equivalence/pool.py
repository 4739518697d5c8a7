"""The few worker processes of one `Equivalence`."""

from __future__ import annotations

import asyncio
from time import monotonic

from tts.equivalence.process import WorkerProcess
from tts.equivalence.verdict import Verdict
from tts.values import AnswerKind

LEAST_SECONDS = 0.7
"""What algebra gets even where starting the process has eaten the deadline."""


EARLY_SECONDS = 0.4
"""A comparison that takes longer will probably be killed: its successor is started already."""


class Pool:
    """Starts a process when one is needed and replaces one that was killed."""

    def __init__(self, size: int, *, seconds: float) -> None:
        self._slots = asyncio.Semaphore(size)
        self._seconds = seconds
        self._idle: list[WorkerProcess] = []
        self._spares: set[asyncio.Task[None]] = set()
        self._closed = False
        self.started = self.killed = 0

    async def compare(self, a: str, b: str, *, rounding: int, kind: AnswerKind) -> Verdict:
        """The verdict of algebra within the deadline, counted from a free slot on."""
        async with self._slots:
            if self._closed:
                return "undecided"
            began = monotonic()
            worker = await self._worker()
            left = max(LEAST_SECONDS, self._seconds - (monotonic() - began))
            early = asyncio.get_running_loop().call_later(EARLY_SECONDS, self._prepare)
            try:
                return await worker.compare(a, b, rounding=rounding, kind=kind, seconds=left)
            finally:
                early.cancel()
                self._put_back(worker)

    async def close(self) -> None:
        """Stop every process."""
        self._closed = True
        for spare in self._spares:
            spare.cancel()
        await asyncio.gather(*self._spares, return_exceptions=True)
        for worker in self._idle:
            await worker.stop()
        self._idle.clear()

    async def _worker(self) -> WorkerProcess:
        while self._spares and not self._idle:
            await asyncio.wait(self._spares, return_when=asyncio.FIRST_COMPLETED)
        return self._idle.pop() if self._idle else await self._start()

    async def _start(self) -> WorkerProcess:
        self.started += 1
        return await WorkerProcess.start()

    def _put_back(self, worker: WorkerProcess) -> None:
        if worker.alive:
            self._idle.append(worker)
            return
        self.killed += 1
        self._prepare()

    def _prepare(self) -> None:
        """Start the next process in the background, unless one is at hand."""
        if self._closed or self._idle or self._spares:
            return
        spare = asyncio.create_task(self._start_spare())
        self._spares.add(spare)
        spare.add_done_callback(self._spares.discard)

    async def _start_spare(self) -> None:
        try:
            worker = await self._start()
        except OSError:
            return
        self._idle.append(worker)
