"""`tts job work` with workers elsewhere, as it is typed."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tts.cli.guard import guarded

PLAIN = ["--model", "simulated:0.7", "--verifier", "none", "--problems", "arithmetic:6"]
SUBMIT = ["job", "submit", *PLAIN, "--strategies", "majority_vote(n=3)"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_two_workers_do_what_is_queued_and_the_reports_are_written_here(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    assert guarded([*SUBMIT, "--job", "a"]) == 0
    assert guarded(["job", "work", "--workers", "2", "--junit", "junit"]) == 0
    assert "2 workers on 1 node\n" in capsys.readouterr().out
    assert (folder / "out" / "a" / "report.html").exists() and (folder / "junit" / "a.xml").exists()
    assert guarded(["job", "status", "a", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["state"] == "ended"


@pytest.mark.parametrize(
    "words",
    [
        ["compare", *PLAIN, "--strategies", "majority_vote(n=3)"],
        ["eval", "arithmetic:6", "--strategy", "majority_vote(n=3)", *PLAIN[:4]],
    ],
)
def test_a_comparison_is_left_to_workers_and_says_the_same(
    capsys: pytest.CaptureFixture[str], folder: Path, words: list[str]
) -> None:
    assert guarded([*words, "--job", "a", "--workers", "2"]) == 0
    said = capsys.readouterr().out
    assert "2 workers on 1 node\n" in said and "a: ended, 6 of 6 runs" in said
    assert (folder / "out" / "a" / "report.html").exists()
    assert guarded([*words, "--job", "a"]) == 0
    assert "majority_vote(n=3)" in capsys.readouterr().out


def test_what_one_process_tells_is_refused_beside_workers(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["compare", *PLAIN, "--strategies", "single", "--workers", "2"]
    assert guarded([*words, "--junit", "a.xml"]) == 2
    complained = capsys.readouterr().err
    assert "--junit" in complained and complained.count("\n") == 1


def test_a_job_that_cannot_be_worked_at_is_told_by_its_fault(
    capsys: pytest.CaptureFixture[str],
) -> None:
    guarded([*SUBMIT, "--problems", "nosuch.jsonl", "--job", "a"])
    capsys.readouterr()
    assert guarded(["job", "work", "--workers", "1"]) == 1
    complained = capsys.readouterr().err
    assert "a: " in complained and "nosuch.jsonl" in complained


@pytest.mark.parametrize(
    ("on", "told"), [("slurm", "--on is ray"), ("ray://", "--on is ray"), ("ray:x", "--on is ray")]
)
def test_a_cluster_of_another_kind_is_one_line(
    capsys: pytest.CaptureFixture[str], on: str, told: str
) -> None:
    guarded([*SUBMIT, "--job", "a"])
    capsys.readouterr()
    assert guarded(["job", "work", "--on", on]) == 2
    complained = capsys.readouterr().err
    assert told in complained and complained.count("\n") == 1


@pytest.mark.skipif(find_spec("ray") is not None, reason="Ray is installed here")
def test_without_ray_the_extra_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    guarded([*SUBMIT, "--job", "a"])
    assert guarded(["job", "work", "--on", "ray"]) == 2
    assert "tts-engine[ray]" in capsys.readouterr().err


def test_nothing_of_ray_is_imported_where_it_is_not_asked_for(folder: Path) -> None:
    script = (
        "import sys; from tts.cli.guard import guarded; guarded(sys.argv[1:]); "
        "sys.exit(any(name.split('.')[0] in ('ray', 'grpc') for name in sys.modules))"
    )
    for words in ([*SUBMIT, "--job", "a"], ["job", "work"]):
        subprocess.run([sys.executable, "-c", script, *words], check=True, capture_output=True)
