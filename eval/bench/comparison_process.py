"""The real `tts compare` in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

BUDGETS = ("none", "6k tokens")
CONCURRENCY = 64
LONGEST = 300
"""Seconds."""


class ComparisonProcess:
    """Two votes under two budgets, the smaller vote on draws of the larger one.

    Ledger, report and output lie beside `place`; the same arguments go on where it was.
    """

    def __init__(self, place: Path, url: str, problems: int, draws: int, *, first: int = 0) -> None:
        questions = place.with_suffix(".jsonl")
        lines = (
            {"id": f"q{i}", "problem": f"What is question {i}?", "answer": str(i % 10)}
            for i in range(first, first + problems)
        )
        questions.write_text("".join(json.dumps(line) + "\n" for line in lines))
        options = {
            "--model": "openai:simulated",
            "--base-url": url,
            "--verifier": "none",
            "--problems": str(questions),
            "--max-tokens": "64",
            "--concurrency": str(CONCURRENCY),
            "--ledger": str(place.with_suffix(".db")),
            "--job": "bench",
            "--out": str(place.with_suffix(".out")),
        }
        command = [sys.executable, "-m", "tts.cli", "compare"]
        for name, value in options.items():
            command += [name, value]
        for n in dict.fromkeys((draws, max(1, draws // 5))):
            command += ["--strategies", f"majority_vote(n={n})"]
        for budget in BUDGETS:
            command += ["--budgets", budget]
        self._said = place.with_suffix(".log")
        with self._said.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, env={**os.environ, "COLUMNS": "100"}
            )

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
            raise RuntimeError(self._said.read_text()[-2000:])
