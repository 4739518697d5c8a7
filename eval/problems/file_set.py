"""A problem set in a local file."""

from __future__ import annotations

from pathlib import Path

from tts.errors import BadInput
from tts.eval.problems.collect import collect
from tts.eval.problems.csv_rows import csv_rows
from tts.eval.problems.json_rows import json_rows
from tts.eval.problems.problem_set import ProblemSet

SUFFIXES = (".jsonl", ".ndjson", ".csv")


def file_set(path: Path, *, task: str = "math", skip_bad: bool = False) -> ProblemSet:
    """Read a JSON Lines or CSV file, gzipped or not; `BadInput` as `file:line: reason`."""
    name = path.name.removesuffix(".gz")
    suffix = Path(name).suffix.lower()
    if suffix not in SUFFIXES:
        raise BadInput(f"{path}:1: one of {', '.join(SUFFIXES)} (or with .gz) is needed.")
    rows = csv_rows(path) if suffix == ".csv" else json_rows(path)
    stem = name.removesuffix(Path(name).suffix)
    return collect(rows, source=str(path), stem=stem, task=task, skip_bad=skip_bad)
