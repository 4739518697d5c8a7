"""What `tts bench resume` rests on: commands that are watched, and calls counted from outside."""

from __future__ import annotations

from pathlib import Path

import pytest

from tts.eval.bench import resume as bench
from tts.eval.bench.measuring import peak, resident
from tts.eval.bench.processes import CompareProcess


def test_calls_are_counted_from_outside_and_the_commands_that_look_at_them_are_timed(
    tmp_path: Path,
) -> None:
    place = tmp_path / "job"
    assert bench.calls_made(place.with_suffix(".db")) == 0
    job = CompareProcess(place, [*bench._options(place, 3), ("--strategies", "majority_vote(n=4)")])
    job.finish()
    assert bench.calls_made(place.with_suffix(".db")) == 12
    rows = bench._looked_at(place.with_suffix(".db"), 12, looks=1)
    assert [row.what.partition(",")[0] for row in rows] == [
        "tts trace RUN",
        "tts trace",
        "tts ledger",
    ]
    assert all(row.value > 0 and row.baseline for row in rows)


def test_a_job_that_cannot_run_is_told_with_what_it_said(tmp_path: Path) -> None:
    job = CompareProcess(tmp_path / "job", [("--problems", "arithmetic:1")])
    with pytest.raises(RuntimeError, match="strategies is missing"):
        job.finish()


def test_the_memory_of_a_process_that_is_over_is_unknown() -> None:
    assert peak() >= resident() > 0
    with pytest.raises(ProcessLookupError):
        resident(2**22 + 1)
