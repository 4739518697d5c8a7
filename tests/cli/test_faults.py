"""`tts faults serve`: the fault server by its command, and plans that cannot be served."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any

import pytest

from tts.backends.fault_server import Fault, read_plan
from tts.backends.openai_http import Connection
from tts.cli.guard import guarded
from tts.errors import RateLimited

BODY = b'{"model":"m","prompt":"x"}'
PLAN = {
    "script": [{"kind": "status", "status": 429, "headers": {"Retry-After": "2"}}, None],
    "words": 6,
}


def written(place: Path, plan: Any) -> Path:
    place.write_text(plan if isinstance(plan, str) else json.dumps(plan))
    return place


async def test_it_serves_its_plan_in_a_process_of_its_own_and_says_what_it_saw(
    tmp_path: Path,
) -> None:
    plan = written(tmp_path / "plan.json", PLAN)
    command = ["-m", "tts.cli", "faults", "serve", "--plan", str(plan)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *command, stdout=PIPE, stderr=PIPE
    )
    assert process.stdout is not None and process.stderr is not None
    connection = Connection((await process.stdout.readline()).decode().strip())
    with pytest.raises(RateLimited) as caught:
        await connection.post("/completions", BODY)
    assert caught.value.retry_after == 2.0
    assert b'"completion_tokens":6' in await connection.post("/completions", BODY)
    await connection.close()
    process.send_signal(signal.SIGINT)
    assert await process.wait() == 130
    assert b"2 requests, 2 answered" in await process.stderr.read()


def test_bytes_of_a_plan_are_written_as_text(tmp_path: Path) -> None:
    plan = {"rate": 0.5, "mix": [{"kind": "replace", "old": "0.5", "new": "NaN"}], "fails_on": "ü"}
    read = read_plan(written(tmp_path / "plan.json", plan))
    assert read.mix == (Fault(kind="replace", old=b"0.5", new=b"NaN"),)
    assert read.fails_on == "ü".encode()


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        ("{", "no plan of faults"),
        ("[]", "got `array`"),
        ({"words": "six"}, "$.words"),
        ({"wrods": 6}, "wrods"),
        ({"script": [{"kind": "explode"}]}, "$.script[0].kind"),
        ({"script": [{"kind": "status", "code": 500}]}, "code"),
        ({"rate": 1.5, "mix": [{"kind": "stall"}]}, "$.rate"),
        ({"rate": 0.5}, "$.mix"),
        ({"repeat": True}, "$.script"),
        ({"answer": "x"}, "$.answer"),
    ],
    ids=str,
)
def test_a_plan_that_cannot_be_served_is_one_line(
    plan: Any, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = written(tmp_path / "plan.json", plan)
    assert guarded(["faults", "serve", "--plan", str(place)]) == 2
    said = capsys.readouterr().err.strip()
    assert says in said and "plan.json" in said and "\n" not in said


def test_a_plan_that_is_not_there_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert guarded(["faults", "serve", "--plan", str(tmp_path / "none.json")]) == 2
    assert "none.json: No such file or directory." in capsys.readouterr().err


def test_a_port_that_is_taken_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert guarded(["faults", "serve", "--port", str(taken.getsockname()[1])]) == 2
    assert "cannot be listened on" in capsys.readouterr().err
