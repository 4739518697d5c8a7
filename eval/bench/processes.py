"""Processes that benchmarks watch: the shipped model server, and the real `tts`.

As a program, this file is the server's end: `ServerProcess` starts it, asks it over its standard
input and reads its answers.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import msgspec
from msgspec import Struct

from tts.backends.fault_server import FaultPlan, FaultServer

PLAIN = FaultPlan(dialect="openai", keep_records=False)
"""Answers at once and well."""
Option = tuple[str, str]
LONGEST = 300
"""Seconds that are waited for the end of a comparison."""


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
            [sys.executable, "-m", "tts.eval.bench.processes", msgspec.json.encode(self._plan)],
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


def write_questions(place: Path, numbers: Iterable[int]) -> Path:
    """A problem set with a question of each number; returns where it lies."""
    lines = (
        {"id": name, "problem": f"What is question {name[1:]}?", "answer": name[-1]}
        for name in names_of(numbers)
    )
    place.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return place


def names_of(numbers: Iterable[int]) -> Iterator[str]:
    """The ids of the questions of these numbers."""
    return (f"q{i}" for i in numbers)


def served_options(
    url: str, questions: Path, *, concurrency: int, verifier: str = "none"
) -> list[Option]:
    """Of a comparison on the model of a `ServerProcess`, but for its strategies."""
    return [
        ("--model", "openai:simulated"),
        ("--base-url", url),
        ("--verifier", verifier),
        ("--problems", str(questions)),
        ("--max-tokens", "64"),
        ("--concurrency", str(concurrency)),
    ]


class CompareProcess:
    """`tts compare`, from now on.

    Ledger (`.db`), report (`.out`) and what it says (`.log`) lie beside `place`; the same options
    go on where it was. `inside`: a command that runs the one behind it, such as a shell with limits.
    """

    def __init__(
        self, place: Path, options: Iterable[Option], *, inside: Sequence[str] = ()
    ) -> None:
        self._said = place.with_suffix(".log")
        where = {"--ledger": place.with_suffix(".db"), "--out": place.with_suffix(".out")}
        kept = [("--job", "bench"), *((name, str(path)) for name, path in where.items())]
        with self._said.open("ab") as log:
            self._process = subprocess.Popen(
                [*inside, *_tts("compare"), *(part for one in (*options, *kept) for part in one)],
                stdout=log,
                stderr=log,
                env={**os.environ, "COLUMNS": "100"},
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        """SIGKILL: nothing of it runs any more when this returns."""
        self._process.kill()
        self._process.wait()

    def finish(self, longest: float = LONGEST) -> None:
        """Wait for its end, so many seconds at most; RuntimeError with what it said where it
        failed."""
        if self.end(longest) != 0:
            raise RuntimeError(self.said)

    def end(self, longest: float = LONGEST) -> int:
        """Wait for its end, so many seconds at most; its exit code."""
        return self._process.wait(longest)

    @property
    def said(self) -> str:
        """The end of what it wrote."""
        return self._said.read_text()[-2000:]


def seconds_of(*words: str) -> float:
    """From the start of a command to its end; CalledProcessError where it failed."""
    started = time.perf_counter()
    subprocess.run(_tts(*words), check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def _tts(*words: str) -> list[str]:
    return [sys.executable, "-m", "tts.cli", *words]


if __name__ == "__main__":
    asyncio.run(serve(msgspec.json.decode(sys.argv[1], type=FaultPlan)))
