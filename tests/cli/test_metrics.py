"""`tts job work --metrics`: counts over HTTP while it works."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from tts.cli.guard import guarded
from tts.cli.metrics import served
from tts.ledger.counting import Counts


def test_counts_are_served_at_one_path_until_the_work_ends() -> None:
    counts = Counts()
    counts([])
    with served(counts, 0) as url:
        with urlopen(url) as answer:
            assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
            assert b"tts_last_row_timestamp_seconds 1" in answer.read()
        with pytest.raises(HTTPError, match="404"):
            urlopen(url.removesuffix("metrics"))
    with pytest.raises(OSError):
        urlopen(url)


def test_a_worker_says_where_its_counts_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    options = ["--model", "simulated:0.7", "--verifier", "none", "--problems", "arithmetic:2"]
    assert guarded(["job", "submit", *options, "--strategies", "single"]) == 0
    assert guarded(["job", "work", "--metrics", "0"]) == 0
    assert re.search(r"metrics: http://127\.0\.0\.1:\d+/metrics", capsys.readouterr().err)


def test_a_port_that_is_taken_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert guarded(["job", "work", "--metrics", str(port)]) == 2
    assert f"Port {port} of --metrics" in capsys.readouterr().err


def test_workers_that_are_started_here_have_no_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert guarded(["job", "work", "--metrics", "0", "--workers", "2"]) == 2
    assert "--metrics counts one process" in capsys.readouterr().err
