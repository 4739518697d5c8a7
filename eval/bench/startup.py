"""`startup`: what a user waits for before anything happens."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from statistics import median

from tts.eval.bench.report import Row, at_most, figure

RUNS = 5
SHOWN = 5
"""Slowest imports named where a bar is missed."""
IMPORT = "import tts"
HELP = "import sys; sys.argv = ['tts', '--help']; from tts.cli import main; main()"
TIMED = re.compile(r"import time:\s+(\d+) \|\s+(\d+) \|\s+(\S+)")


def startup(*, runs: int = RUNS) -> list[Row]:
    """`import tts` and `tts --help`, each in a fresh interpreter, beside an empty one."""
    commands = {"import tts": (IMPORT, 0.4), "tts --help": (HELP, 0.5)}
    rows: list[Row] = []
    for name, (code, bar) in commands.items():
        pairs = [(_seconds("pass"), _seconds(code)) for _ in range(runs)]
        empty, whole = (median(values) for values in zip(*pairs, strict=True))
        row = at_most(name, whole, "s", bar=bar, baseline=empty)
        rows += [row] if row.holds else [row, *_slowest(code)]
    return rows


def _seconds(code: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def _slowest(code: str) -> list[Row]:
    """The modules whose own import takes longest."""
    command = [sys.executable, "-X", "importtime", "-c", code]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    timed = [(int(own), name) for own, _, name in TIMED.findall(said)]
    worst = sorted(timed, reverse=True)[:SHOWN]
    return [figure(f"  importing {name} alone", own / 1e6, "s") for own, name in worst]
