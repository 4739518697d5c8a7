"""One worker process, seen from the event loop."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from typing import Any, cast

from tts.equivalence.verdict import Verdict
from tts.values import AnswerKind

START_SECONDS = 30.0
_PASSED_ON = ("PATH", "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "LANG", "SYSTEMROOT")


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
