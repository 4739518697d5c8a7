"""A job whose ledger holds three hundred thousand calls goes on as one of three hundred does."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tts.backends.fault_server import FaultPlan
from tts.eval.bench.filling import ended_problem, fill
from tts.eval.bench.measuring import billed, peak
from tts.eval.bench.processes import (
    CompareProcess,
    ServerProcess,
    names_of,
    served_options,
    write_questions,
)

PROBLEMS, DRAWS, LEFT = 3_000, 100, 30
CONCURRENCY = 32
GIGABYTE = 10**9 // 1024
"""In KiB."""
PATIENCE = 300.0
"""Seconds to the first new request on whatever machine; `tts bench resume` holds the bar."""


def wait(job: CompareProcess, holds: Callable[[], bool]) -> float:
    """Until that is so; the seconds that took."""
    started = time.monotonic()
    while not holds():
        assert job.running, job.said
        time.sleep(0.02)
    return time.monotonic() - started


def has_an_end(ledger: Path) -> bool:
    if not ledger.exists():
        return False
    with closing(sqlite3.connect(ledger)) as connection:
        try:
            return ended_problem(connection) is not None
        except sqlite3.OperationalError:  # its tables are not made yet
            return False


@pytest.mark.timeout(900)
def test_a_job_of_three_hundred_thousand_calls_goes_on_without_repeating_one(
    tmp_path: Path,
) -> None:
    place, ledger = tmp_path / "job", tmp_path / "job.db"
    questions = write_questions(tmp_path / "questions.jsonl", range(PROBLEMS))
    votes = [("--strategies", f"majority_vote(n={n})") for n in (DRAWS, DRAWS // 4)]
    with ServerProcess(FaultPlan(dialect="openai", words=3)) as server:
        options = [*served_options(server.url, questions, concurrency=CONCURRENCY), *votes]
        job = CompareProcess(place, options)
        wait(job, lambda: has_an_end(ledger))
        job.kill()
        before, made = server.served(), billed(ledger).finished
        fill(ledger, names_of(range(PROBLEMS - LEFT)))
        filled = billed(ledger).finished - made
        assert made + filled > 0.9 * PROBLEMS * DRAWS

        job = CompareProcess(place, options)
        seconds = wait(job, lambda: server.served().requests > before.requests)
        memory = peak(job.pid)
        job.finish(600)
        bodies = server.served().bodies
    assert seconds < PATIENCE
    assert memory < GIGABYTE
    assert sum(bodies.values()) - len(bodies) <= CONCURRENCY, "in flight at the kill, and no other"
    ended = billed(ledger)
    assert (ended.finished, ended.twice) == (PROBLEMS * DRAWS, 0)


def test_a_job_of_which_nothing_has_ended_is_no_pattern(tmp_path: Path) -> None:
    job = CompareProcess(
        tmp_path / "job",
        [("--model", "simulated:0.7"), ("--problems", "arithmetic:1"), ("--strategies", "single")],
    )
    job.finish()
    with closing(sqlite3.connect(tmp_path / "job.db")) as connection, connection:
        connection.execute("UPDATE runs SET stopped_by = NULL")
    with pytest.raises(RuntimeError, match="No problem of the job has ended"):
        fill(tmp_path / "job.db", ["other"])
