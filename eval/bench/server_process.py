"""The shipped model server in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from types import TracebackType
from typing import IO, Self

import msgspec

from tts.backends.fault_server import FaultPlan
from tts.eval.bench.served import Served

PLAIN = FaultPlan(dialect="openai", keep_records=False)
"""Answers at once and well."""


class ServerProcess:
    """Used as `with`; pinned to one core where the machine has several."""

    def __init__(self, plan: FaultPlan = PLAIN, *, core: int | None = None) -> None:
        self._plan, self._core = plan, core
        self.url = ""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tts.eval.bench.serving", msgspec.json.encode(self._plan)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        if self._core is not None:
            os.sched_setaffinity(self._process.pid, {self._core})
        self.url = self._pipe(self._process.stdout).readline().strip()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def served(self) -> Served:
        """What it has seen so far."""
        asked = self._pipe(self._process.stdin)
        asked.write("\n")
        asked.flush()
        return msgspec.json.decode(self._pipe(self._process.stdout).readline(), type=Served)

    @staticmethod
    def _pipe(pipe: IO[str] | None) -> IO[str]:
        assert pipe is not None
        return pipe
