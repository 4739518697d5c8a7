"""At the boundary every fault is one line, with an exit code."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from time import monotonic

import pytest

from tts.backends.fault_server import Fault, FaultPlan, FaultServer
from tts.cli.guard import guarded
from tts.errors import described

COMMAND = [sys.executable, "-m", "tts.cli"]


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Exit code and standard error, which is short and no traceback."""
    code = guarded(arguments)
    said = capsys.readouterr().err
    assert "Traceback" not in said and said.count("\n") <= 4, said
    return code, said


@pytest.fixture
def junk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of files that are not what they are taken for."""
    monkeypatch.chdir(tmp_path)
    files = {
        "empty": b"",
        "nul": b"\0" * 100,
        "binary": bytes(range(256)) * 4,
        "words": b"just some words\n",
        "utf16": "problem,answer\nq,1\n".encode("utf-16"),
        "list": b"[1, 2",
        "deep": b"[" * 100_000,
        "half.gz": b"\x1f\x8b\x08\x00abc",
    }
    for name, data in files.items():
        for suffix in ("", ".jsonl", ".csv", ".yaml", ".db", ".json"):
            (tmp_path / f"{name}{suffix}").write_bytes(data)
    (tmp_path / "folder.jsonl").mkdir()
    (tmp_path / "folder.db").mkdir()
    return tmp_path


NAMES = ["empty", "nul", "binary", "words", "utf16", "list", "deep", "half.gz", "folder", "nosuch"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "command",
    [
        ["eval", "{}.jsonl"],
        ["eval", "{}.csv"],
        ["eval", "{}"],
        ["eval", "replay:{}.jsonl"],
        ["eval", "replay:{}.gz"],
        ["eval", "arithmetic:5", "--model", "replay:{}.jsonl"],
        ["eval", "arithmetic:5", "--prices", "{}.json"],
        ["compare", "{}.yaml"],
        ["estimate", "{}.yaml"],
        ["ledger", "{}.db"],
        ["trace", "{}.db"],
        ["ledger", "{}.db", "--export", "out.csv"],
        ["prices", "--prices", "{}.json"],
        ["results", "{}"],
    ],
    ids=lambda command: " ".join(command),
)
def test_a_file_that_is_not_what_it_is_taken_for_is_one_line(
    junk: Path, capsys: pytest.CaptureFixture[str], command: list[str], name: str
) -> None:
    if command[:2] == ["ledger", "{}.db"] and name == "empty":
        pytest.skip("an empty file is an empty database")
    code, said = told(capsys, *(part.format(name) for part in command))
    assert code == 2
    assert name in said


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"{}", b"\xff\xfe", b"null", b"[" * 100_000])
def test_a_broken_report_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], data: bytes
) -> None:
    (tmp_path / "report.json").write_bytes(data)
    code, said = told(capsys, "results", str(tmp_path))
    assert code == 2 and "report.json" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["eval", "arithmetic:x:"], "arithmetic:x:"),
        (["eval", "arithmetic:5", "--strategy", "majorty_vote"], "Did you mean 'majority_vote'"),
        (["eval", "arithmetic:5", "--verifier", "embeded:prm"], "--verifier"),
        (["eval", "arithmetic:5", "--verifier", "embedded:x"], "--verifier"),
        (["eval", "arithmetic:5", "--model", "embeded:small"], "--model"),
        (["eval", "arithmetic:5", "--model", "embedded:smal"], "Did you mean 'small'"),
        (["eval", "arithmetic:5", "--model", "embedded"], "embedded:NAME"),
        (["eval", "arithmetic:5", "--budget", "soon"], "not an amount"),
        (["eval", "arithmetic:5", "--budget", "1e400 tokens"], "leave the ceiling out"),
        (["eval", "arithmetic:5", "--limit", "0"], "--limit"),
        (["eval", "arithmetic:5", "--limit", "x"], "--limit"),
        (["eval", "arithmetic:5", "--timeout", "-1"], "--timeout"),
        (["eval", "arithmetic:5", "--sampling", "top_p"], "--sampling"),
        (["eval", "arithmetic:5", "--sampling", "temprature=1"], "temprature"),
        (["eval", "arithmetic:5", "--api-key-env", "NOT_SET"], "NOT_SET"),
        (["eval", "arithmetic:5", "--ledger", "/nosuchdir/a.db"], "--ledger"),
        (["eval", "arithmetic:5", "--base-url", "no url"], "--base-url"),
        (["run", "1 + 1", "--model", "openai:m", "--base-url", "http://a b/"], "--base-url"),
        (["run", " "], "empty"),
        (["compare"], "give --problems"),
        (["compare", "--problems", "arithmetic:5", "--strategies", "a(n=1), b(n=2)"], "'a'"),
        (["ledger", "--by", "stratgy"], "Did you mean 'strategy'"),
        (["evla"], "Did you mean 'eval'"),
        (["eval", "arithmetic:5", "--stratgy", "single"], "--strategy"),
        (["eval"], "problems"),
        (["strategies", "nosuch"], "nosuch"),
        (["bench", "nosuch"], "nosuch"),
        (["tune", "--model", "x"], "vllm:FOLDER"),
        (["plan", "a task", "--tools", "nosuch:tool"], "nosuch"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_done_is_told_in_the_words_of_the_command(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NOT_SET", raising=False)
    code, words = told(capsys, *arguments)
    assert code == 2
    assert said in words
    assert not Path("/nosuchdir").exists()


def test_a_fault_of_the_engine_itself_is_one_line_with_its_place() -> None:
    def fails() -> None:
        raise KeyError("lost")

    with pytest.raises(KeyError) as caught:
        fails()
    assert described(caught.value).startswith("KeyError: 'lost' (")
    assert "test_guard.py, line" in described(caught.value)


def test_a_group_without_a_command_says_its_help_and_no_more(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert guarded(["job"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("Usage: tts job ") and said.rstrip().endswith("while it runs or before.")


def test_the_version_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(["--version"]) == 0
    assert capsys.readouterr().out.startswith("tts-engine 0.")


def test_the_embedded_model_says_that_it_answers_for_a_forgotten_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.jsonl").write_text('{"problem": "Compute 1 + 1.", "answer": 2}\n')
    assert guarded(["eval", "mine.jsonl", "--strategy", "single"]) == 0
    assert "No --model is given" in capsys.readouterr().err


def test_a_closed_pipe_is_no_fault() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [*COMMAND, "strategies"], stdout=writer, stderr=subprocess.PIPE, check=False, timeout=50
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="There is no full device here.")
def test_a_full_disk_behind_the_output_is_one_line() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*COMMAND, "strategies"], stdout=full, stderr=subprocess.PIPE, check=False, timeout=50
        )
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1 and b"No space left" in done.stderr


# Exit codes of jobs


def evaluation(server: FaultServer, out: Path, *more: str) -> list[str]:
    return [
        "eval",
        "arithmetic:50",
        "--strategy=single",
        "--model=openai:m",
        f"--base-url={server.url}",
        f"--ledger={out / 'a.db'}",
        f"--out={out / 'out'}",
        *more,
    ]


async def ended(*arguments: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        *COMMAND, *arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


BAD = Fault(kind="status", status=400, body=b'{"error":{"message":"no such thing"}}')
POOR = Fault(kind="status", status=402, body=b'{"error":{"message":"Insufficient credit"}}')
ASKED = 16
"""More requests than a start asks of an endpoint, and fewer than fifty problems need."""


async def test_a_job_whose_runs_failed_exits_with_one(tmp_path: Path) -> None:
    async with FaultServer(FaultPlan(script=(None,) * 8 + (BAD,) * 500)) as server:
        code, out, _ = await ended(*evaluation(server, tmp_path))
    assert code == 1 and "failed" in out


async def test_credit_that_ends_leaves_a_partial_report_the_models_name_and_the_way_on(
    tmp_path: Path,
) -> None:
    async with FaultServer(FaultPlan(script=(None,) * ASKED + (POOR,) * 500)) as server:
        code, out, err = await ended(*evaluation(server, tmp_path, "--concurrency=1"))
    assert code == 1
    assert "Model 'm': HTTP 402: Insufficient credit" in err
    assert "run the same command again" in err
    assert "Partial: " in out and (tmp_path / "out" / "report.json").exists()


async def test_a_server_that_wants_its_own_key_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-theirs")
    monkeypatch.setenv("MY_KEY", "sk-mine")
    asked = ("run", "1 + 1", "--model=openai:m", "--strategy=single")
    async with FaultServer(FaultPlan(api_key="sk-mine")) as server:
        code, _, err = await ended(*asked, f"--base-url={server.url}")
        own, *_ = await ended(*asked, f"--base-url={server.url}", "--api-key-env=MY_KEY")
    assert (code, own) == (2, 0)
    assert len(err.splitlines()) == 1 and "No key was sent" in err and "--api-key-env" in err


async def test_a_wallet_that_holds_nothing_exits_with_one(tmp_path: Path) -> None:
    async with FaultServer(FaultPlan()) as server:
        code, out, _ = await ended(*evaluation(server, tmp_path, "--wallet=0"))
    assert code in (1, 2) and "wallet" in out + _


# Signals

SIGNALS = [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
STALL = Fault(kind="stall", seconds=600)


async def stopped(process: asyncio.subprocess.Process, number: signal.Signals) -> tuple[int, str]:
    """Exit code and standard error of a process that is sent a signal now."""
    with suppress(ProcessLookupError):  # an earlier signal may have ended it by now
        process.send_signal(number)
    _, err = await asyncio.wait_for(process.communicate(), 40)
    said = err.decode()
    assert "Traceback" not in said and "Unclosed" not in said and said.count("\n") <= 3, said
    return process.returncode or 0, said


async def asked(server: FaultServer, requests: int) -> None:
    """Until the server has seen so many requests."""
    while server.record.requests < requests:  # noqa: ASYNC110 the server counts, and tells nobody
        await asyncio.sleep(0.02)


async def started(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *COMMAND, *arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


@pytest.mark.parametrize(("number", "code"), SIGNALS)
@pytest.mark.parametrize("answered", [0, ASKED], ids=["while it is probed", "in its runs"])
@pytest.mark.parametrize("command", ["eval", "run"])
async def test_a_signal_ends_a_command_in_order(
    tmp_path: Path, command: str, answered: int, number: signal.Signals, code: int
) -> None:
    plan = FaultPlan(script=(None,) * answered + (STALL,) * 500)
    async with FaultServer(plan) as server:
        model = ("--model=openai:m", f"--base-url={server.url}")
        one = ("run", "1 + 1", "--strategy=majority_vote(n=64)", *model)
        process = await started(*(evaluation(server, tmp_path) if command == "eval" else one))
        await asked(server, answered + 1)
        assert (await stopped(process, number))[0] == code


async def test_a_second_interrupt_ends_a_command_within_two_seconds(tmp_path: Path) -> None:
    script = (None,) * ASKED + (STALL,) * 500
    async with FaultServer(FaultPlan(script=script)) as server:
        process = await started(*evaluation(server, tmp_path))
        await asked(server, ASKED + 1)
        process.send_signal(signal.SIGINT)
        await asyncio.sleep(0.2)
        began = monotonic()
        assert (await stopped(process, signal.SIGINT))[0] == 130
        assert monotonic() - began < 2.0
        while server.record.in_flight:  # noqa: ASYNC110 the server counts, and tells nobody
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(("number", "code"), SIGNALS)
async def test_a_signal_ends_a_command_that_reads_a_file(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    pipe = tmp_path / "set.jsonl"
    os.mkfifo(pipe)
    process = await started("estimate", "--problems", str(pipe), "--strategies", "single")
    writer = await asyncio.to_thread(os.open, pipe, os.O_WRONLY)
    try:
        assert (await stopped(process, number))[0] == code
    finally:
        os.close(writer)


async def test_what_a_signal_cut_short_goes_on_with_the_same_command(tmp_path: Path) -> None:
    script = (None,) * ASKED + (STALL,) * 500
    async with FaultServer(FaultPlan(script=script)) as server:
        process = await started(*evaluation(server, tmp_path))
        await asked(server, ASKED + 1)
        await stopped(process, signal.SIGTERM)
        server.plan = FaultPlan()
        code, out, _ = await ended(*evaluation(server, tmp_path))
    assert code == 0 and "Partial" not in out
