"""`tts serve` with what cannot be served: one line and exit code 2."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tts.cli.guard import guarded

pytest.importorskip("uvicorn", reason="needs the extra serve")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--strategy", "majority_votes"], "majority_vote"),
        (["--keys", "nosuch.yaml"], "nosuch.yaml"),
        (["--keys", "bad.yaml"], "keys:"),
        (["--policy", "p"], "NAME=FILE"),
        (["--policy", "p=nosuch.json"], "nosuch.json"),
        (["--host", "203.0.113.7"], "cannot be listened on"),
        (["--port", "70000"], "65535"),
        (["--model", "nothing"], "nothing"),
        (["--task", "riddle"], "riddle"),
    ],
    ids=str,
)
def test_what_cannot_be_served_is_one_line(
    arguments: list[str],
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.yaml").write_text("a: 1\n")
    assert guarded(["serve", "--port", "0", *arguments]) == 2
    said = capsys.readouterr().err.strip()
    assert says in said and "Traceback" not in said
    assert not list(tmp_path.glob("*.db"))


def test_a_port_in_use_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert guarded(["serve", "--port", str(port)]) == 2
    assert f"Port {port} is in use" in capsys.readouterr().err
