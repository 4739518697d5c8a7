"""The real `tts` in a process of its own: comparisons that can be watched and killed, and looks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

Option = tuple[str, str]
LONGEST = 300
"""Seconds that are waited for the end of a comparison."""


def write_questions(place: Path, numbers: Iterable[int]) -> Path:
    """A problem set with a question of each number; returns where it lies."""
    lines = (
        {"id": f"q{i}", "problem": f"What is question {i}?", "answer": str(i % 10)} for i in numbers
    )
    place.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return place


class CompareProcess:
    """`tts compare`, from now on.

    Ledger (`.db`), report (`.out`) and what it says (`.log`) lie beside `place`; the same options
    go on where it was.
    """

    def __init__(self, place: Path, options: Iterable[Option]) -> None:
        self._said = place.with_suffix(".log")
        where = {"--ledger": place.with_suffix(".db"), "--out": place.with_suffix(".out")}
        kept = [("--job", "bench"), *((name, str(path)) for name, path in where.items())]
        with self._said.open("ab") as log:
            self._process = subprocess.Popen(
                [*_tts("compare"), *(part for option in (*options, *kept) for part in option)],
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

    def finish(self) -> None:
        """Wait for its end; RuntimeError with what it said where it failed."""
        if self._process.wait(LONGEST) != 0:
            raise RuntimeError(self.said)

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
