"""The few worker processes of one `Equivalence`, seen from the event loop."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from time import monotonic
from typing import Any, Literal, cast

from tts.values import AnswerKind

Verdict = Literal["same", "different", "undecided"]
"""`undecided`: it was too large, took too long or broke; never a guess."""
LEAST_SECONDS = 0.7
"""What algebra gets even where starting the process has eaten the deadline."""

EARLY_SECONDS = 0.4
"""A comparison that takes longer will probably be killed: its successor is started already."""
START_SECONDS = 30.0
_PASSED_ON = ("PATH", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "LANG", "SYSTEMROOT")


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


class WorkerProcess:
    """Asks one process one thing at a time; it is dead after any answer that did not come."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.alive = True

    @classmethod
    async def start(cls) -> WorkerProcess:
        """A process that has said it is ready; the caller's secrets are not in its environment."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "tts.equivalence.worker"),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
            start_new_session=True,
        )
        worker = cls(process)
        if await worker._exchange(None, START_SECONDS) is None:
            raise ChildProcessError("The equivalence worker did not start.")
        return worker

    async def compare(
        self, a: str, b: str, *, rounding: int, kind: AnswerKind, seconds: float
    ) -> Verdict:
        """The verdict, `undecided` once the time is over; the process is killed then."""
        question = {"a": a, "b": b, "rounding": rounding, "kind": kind}
        answer = await self._exchange(question, seconds)
        return cast(Verdict, answer["verdict"]) if answer else "undecided"

    async def stop(self) -> None:
        """Kill the process and wait until it is gone."""
        self.alive = False
        if self._process.returncode is None:
            self._process.kill()
        if self._process.stdin is not None:
            self._process.stdin.close()
        await self._process.wait()

    async def _exchange(self, question: Any, seconds: float) -> dict[str, Any] | None:
        finished = False
        try:
            async with asyncio.timeout(seconds):
                answer = await self._line(question)
            finished = answer is not None
            return answer
        except (TimeoutError, OSError, ValueError):
            return None
        finally:
            if not finished:
                await asyncio.shield(self.stop())

    async def _line(self, question: Any) -> dict[str, Any] | None:
        reader, writer = self._process.stdout, self._process.stdin
        assert reader is not None and writer is not None
        if question is not None:
            writer.write(json.dumps(question).encode() + b"\n")
            await writer.drain()
        line = await reader.readline()
        return cast(dict[str, Any], json.loads(line)) if line else None
