"""`memory`: what stays of runs that are over."""

from __future__ import annotations

import re
import subprocess
import sys

from tts.eval.bench.row import Row, at_most, figure

CALLS, CEILING = 100_000, 150
FOUND = re.compile(r"(\d+) (\d+) (\d+)")


def memory(*, calls: int = CALLS) -> list[Row]:
    """Resident memory of a process that made so many calls, ledger on disk."""
    command = [sys.executable, "-m", "tts.eval.bench.memory_process", str(calls)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    match = FOUND.search(said)
    assert match is not None, said
    start, tenth, end = (int(number) / 1024 for number in match.groups())
    return [
        at_most(f"resident memory after {calls} calls", end, "MiB", bar=CEILING, baseline=start),
        figure("grown since a tenth of them", end - tenth, "MiB"),
    ]
