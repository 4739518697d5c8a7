"""`tts job`, as it is typed."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tts.cli.guard import guarded
from tts.cli.work import work_jobs
from tts.protocols import CallRow, Row

COMMAND = [sys.executable, "-m", "tts.cli"]
PLAIN = ["--model", "simulated:0.7", "--verifier", "none", "--problems", "arithmetic:6"]
SUBMIT = ["job", "submit", *PLAIN, "--strategies", "majority_vote(n=3)", "--job", "a"]


class TakenOverOnce:
    """Watches what a worker writes; at its first call, others take it for dead."""

    def __init__(self, ledger: str) -> None:
        self._ledger, self._done = ledger, False

    def __call__(self, rows: Sequence[Row]) -> None:
        if self._done or not any(isinstance(row, CallRow) for row in rows):
            return
        self._done = True
        with closing(sqlite3.connect(self._ledger, timeout=60)) as connection, connection:
            connection.execute("UPDATE leases SET live = 0 WHERE kind = 'process'")

    def close(self) -> None:
        """There is nothing to close."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert guarded(arguments) == code
    told = capsys.readouterr()
    return told.err if code else told.out


def state(capsys: pytest.CaptureFixture[str], job: str = "a") -> str:
    found = json.loads(said(capsys, "job", "status", job, "--json"))
    return str(found["state"])


def test_a_submitted_job_is_worked_at_elsewhere_from_the_folder_of_its_paths(
    capsys: pytest.CaptureFixture[str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "sums.jsonl").write_text('{"problem": "1+1", "answer": "2"}\n')
    said(capsys, *[part if part != "arithmetic:6" else "sums.jsonl" for part in SUBMIT])
    assert state(capsys) == "queued"
    (folder / "other").mkdir()
    monkeypatch.chdir(folder / "other")
    said(capsys, "job", "work", "--ledger", "../tts.db", "--junit", "junit")
    monkeypatch.chdir(folder)
    assert state(capsys) == "ended"
    assert (folder / "out" / "a" / "report.html").exists()
    tree = ElementTree.parse(folder / "other" / "junit" / "a.xml")
    assert [suite.get("tests") for suite in tree.iter("testsuite")] == ["1"]


def test_what_compare_runs_stands_in_the_list_of_jobs(capsys: pytest.CaptureFixture[str]) -> None:
    said(capsys, "compare", *PLAIN, "--strategies", "single", "--job", "b")
    [found] = json.loads(said(capsys, "job", "list", "--json"))
    assert (found["job"], found["state"], found["ended"], found["planned"]) == ("b", "ended", 6, 6)


def test_a_job_that_cannot_be_worked_at_waits_and_the_next_one_goes_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said(
        capsys, "job", "submit", *PLAIN[:-1], "nosuch.jsonl", "--strategies", "single", "--job", "a"
    )
    said(capsys, "job", "submit", *PLAIN, "--strategies", "single", "--job", "b")
    assert "a: " in said(capsys, "job", "work", code=1)
    assert (state(capsys, "a"), state(capsys, "b")) == ("waiting", "ended")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["status", "nosuch"], "Known: a"),
        (["pause", "nosuch"], "Known: a"),
        (["work", "nosuch"], "Known: a"),
        (["retune", "a"], "Say what changes"),
        (["retune", "a", "--rpm", "0"], "above zero"),
        (["retune", "a", "--rpm", "nan"], "above zero"),
        (["retune", "a", "--tpm", "inf"], "above zero"),
        (["retune", "a", "--wallet", "much"], "much"),
        (["list", "--ledger", "none.db"], "none.db"),
        (["work", "--ledger", "none.db"], "no ledger at"),
        (["work", "--workers", "2", "--ledger", "none.db"], "no ledger at"),
    ],
)
def test_a_wrong_order_is_one_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    said(capsys, *SUBMIT)
    line = said(capsys, "job", *arguments, code=2)
    assert told in line and line.count("\n") == 1


def test_a_worker_that_finds_nothing_to_do_says_so_and_makes_no_ledger(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    said(capsys, "job", "work", "--ledger", "none.db", code=2)
    assert not (folder / "none.db").exists()
    said(capsys, *SUBMIT)
    said(capsys, "job", "pause", "a")
    assert "nothing is left to do in tts.db" in said(capsys, "job", "work")


def test_a_job_that_was_only_submitted_can_be_pruned_and_no_job_is_known_then(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said(capsys, *SUBMIT)
    said(capsys, "ledger", "prune", "a", "--yes")
    assert "Known: none." in said(capsys, "job", "status", "a", code=2)
    assert "Known: none." in said(capsys, "ledger", "prune", "a", "--yes", code=2)


def test_a_cancelled_job_is_not_worked_at_until_it_is_submitted_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said(capsys, *SUBMIT)
    said(capsys, "job", "cancel", "a")
    said(capsys, "job", "work")
    assert state(capsys) == "cancelled"
    assert "submit it again" in said(capsys, "job", "resume", "a", code=2)
    assert "submit it again" in said(capsys, "job", "pause", "a", code=2)
    assert state(capsys) == "cancelled"
    said(capsys, "job", "cancel", "a")
    said(capsys, *SUBMIT)
    said(capsys, "job", "work")
    assert state(capsys) == "ended"
    assert "has ended" in said(capsys, "job", "pause", "a", code=2)


def test_a_job_whose_wallet_ended_waits_until_it_has_more(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said(capsys, *SUBMIT, "--wallet", "4 calls")
    said(capsys, "job", "work", code=1)
    assert state(capsys) == "waiting"
    assert "Its wallet ended" in said(capsys, "job", "status", "a")
    said(capsys, "job", "retune", "a", "--wallet", "100 calls")
    said(capsys, "job", "work")
    assert state(capsys) == "ended"


def test_a_worker_that_was_taken_for_dead_says_so_and_goes_on_afresh(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said(capsys, *SUBMIT)
    taken = TakenOverOnce("tts.db")
    work_jobs([], ledger="tts.db", wait=False, cost="tokens", junit=None, watched_by=[taken])
    assert "no sign of life" in capsys.readouterr().err
    assert state(capsys) == "ended"
    [found] = json.loads(said(capsys, "job", "list", "--json"))
    assert found["ended"] == 6


def test_a_waiting_worker_takes_what_comes_and_leaves_at_a_signal(folder: Path) -> None:
    subprocess.run([*COMMAND, *SUBMIT], check=True, capture_output=True)
    worker = subprocess.Popen([*COMMAND, "job", "work", "--wait"], stdout=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while not (folder / "out" / "a" / "report.csv").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    os.kill(worker.pid, signal.SIGINT)
    worker.communicate(timeout=30)
    assert worker.returncode == 130
    assert (folder / "out" / "a" / "report.csv").exists()
