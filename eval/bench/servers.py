"""The shipped model server in a process of its own.

This file is both ends: `ServerProcess` starts it as a program, asks it over its standard input and
reads its answers.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from types import TracebackType
from typing import IO, Self

import msgspec
from msgspec import Struct

from tts.backends.fault_server import FaultPlan, FaultServer

PLAIN = FaultPlan(dialect="openai", keep_records=False)
"""Answers at once and well."""


class Served(Struct, frozen=True, kw_only=True):
    """Counts since the server started."""

    requests: int
    most_in_flight: int
    in_flight: int
    bodies: dict[str, int]
    """How often each body came, by its hash; empty where the plan keeps no records."""


class ServerProcess:
    """Used as `with`; pinned to one core where the machine has several."""

    def __init__(self, plan: FaultPlan = PLAIN, *, core: int | None = None) -> None:
        self._plan, self._core = plan, core
        self.url = ""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tts.eval.bench.servers", msgspec.json.encode(self._plan)],
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


async def serve(plan: FaultPlan) -> None:
    """Print the URL, then the record once per line read; end with the input."""
    async with FaultServer(plan) as server:
        say(server.url)
        while await asyncio.to_thread(sys.stdin.readline):
            record = server.record
            served = Served(
                requests=record.requests,
                most_in_flight=record.most_in_flight,
                in_flight=record.in_flight,
                bodies=dict(record.digests),
            )
            say(msgspec.json.encode(served).decode())


def say(line: str) -> None:
    """One line to the parent."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(serve(msgspec.json.decode(sys.argv[1], type=FaultPlan)))
