from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tts.errors import BadInput, LedgerError
from tts.eval.bench.failing_io import compiled, failing
from tts.ledger import Ledger

COUNTS = "SELECT (SELECT count(*) FROM calls), (SELECT count(*) FROM uses)"

WRITING = """
import asyncio, sys
from tts.ledger import Ledger
from tts.protocols import CallRow, UseRow
from tts.values import Usage

async def main():
    ledger = Ledger.open(sys.argv[1], job="job")
    for at in range(100000):
        key = str(at)
        await ledger.commit(
            CallRow(job="job", key=key, problem_id="p", operation="o", version="", role="sample",
                    model="m", revision="", input_hash="", parent_key="", index=0,
                    content=b"x" * 3000, usage=Usage()),
            UseRow(job="job", run_id="r", node=key, key=key, role="sample", name="", inputs="",
                   origin="made", attributed=Usage(), at=0.0))
        print(at, flush=True)

asyncio.run(main())
"""


def facts(place: str) -> tuple[str, int, int]:
    """What SQLite says of the file, and how many calls and uses there are."""
    with sqlite3.connect(place) as connection:
        health = connection.execute("PRAGMA integrity_check").fetchone()[0]
        calls, uses = connection.execute(COUNTS).fetchone()
    connection.close()
    return health, calls, uses


async def pairs(ledger: Ledger, rows: Any, count: int) -> Sequence[BaseException | None]:
    commits = [ledger.commit(rows.call(f"{n}"), rows.use(f"{n}")) for n in range(count)]
    return await asyncio.gather(*commits, return_exceptions=True)


@pytest.mark.parametrize("wait", [0.6, 0.9])
def test_a_killed_process_leaves_a_sound_file_with_all_it_was_told(
    sqlite_place: str, wait: float
) -> None:
    command = [sys.executable, "-c", WRITING, sqlite_place]
    with subprocess.Popen(command, stdout=-1, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        time.sleep(wait)
        process.kill()
        told = [int(line) for line in [first, *process.stdout] if line.endswith("\n")]
    health, calls, uses = facts(sqlite_place)
    assert health == "ok" and calls == uses
    assert told[-1] + 1 <= calls <= told[-1] + 2


@settings(max_examples=8, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(at=st.integers(0, 40), count=st.integers(1, 40))
def test_a_failed_statement_leaves_no_half_batch(
    tmp_path_factory: pytest.TempPathFactory, rows: Any, at: int, count: int
) -> None:
    place = str(tmp_path_factory.mktemp("failing") / "ledger.db")

    async def work() -> Sequence[BaseException | None]:
        ledger = Ledger.open(place, job="job")
        await ledger.perform(lambda c: c.exec_driver_sql(failing_trigger(at)))
        results = await pairs(ledger, rows, count)
        await ledger.close()
        return results

    results = asyncio.run(work())
    kept = sum(result is None for result in results)
    assert facts(place) == ("ok", kept, kept)
    assert all(isinstance(result, LedgerError) for result in results[kept:])
    assert (kept == count) == (at >= count)


def failing_trigger(at: int) -> str:
    """FAIL keeps what the statement did before: the journal itself has to undo it."""
    return (
        "CREATE TRIGGER failing BEFORE INSERT ON use_rows "
        f"WHEN (SELECT count(*) FROM uses) >= {at} BEGIN SELECT RAISE(FAIL, 'broken'); END"
    )


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = compiled(tmp_path_factory.mktemp("library"))
    if found is None:
        pytest.skip("no C compiler is here")
    return found


def written(library: Path, place: str, after: int) -> subprocess.CompletedProcess[str]:
    """What came of the writing on a disk that answers EIO from some write on."""
    command = [*failing(library, "ledger.db", after), sys.executable, "-c", WRITING, place]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("after", [100, 131, 162, 193, 400])
def test_a_disk_that_fails_at_a_later_write_keeps_all_that_was_told(
    library: Path, sqlite_place: str, after: int
) -> None:
    ended = written(library, sqlite_place, after)
    told = ended.stdout.splitlines()
    health, calls, uses = facts(sqlite_place)
    assert ended.returncode != 0 and "The disk reported an error" in ended.stderr
    assert (health, calls) == ("ok", uses)
    assert len(told) <= calls <= len(told) + 1


@pytest.mark.parametrize("after", [0, 7, 40])
def test_a_disk_that_fails_while_the_ledger_is_made_leaves_a_way_on(
    library: Path, sqlite_place: str, after: int
) -> None:
    failed = written(library, sqlite_place, after)
    assert failed.returncode != 0 and not failed.stdout
    assert "0" in written(library, sqlite_place, 300).stdout.split()
    assert facts(sqlite_place)[0] == "ok"


async def test_a_full_disk_stops_every_pending_and_later_write(
    sqlite_place: str, rows: Any
) -> None:
    ledger = Ledger.open(sqlite_place, job="job")
    await ledger.perform(lambda c: c.exec_driver_sql("PRAGMA max_page_count=60").scalar())
    large = [ledger.commit(rows.call(f"{n}", content=b"x" * 50_000)) for n in range(20)]
    results = await asyncio.gather(*large, return_exceptions=True)
    assert isinstance(results[-1], LedgerError) and "Free space" in str(results[-1])
    for later in (ledger.write, ledger.commit):
        with pytest.raises(LedgerError, match="Free space"):
            later(rows.intent("a"))
    with pytest.raises(LedgerError, match="Free space"):
        await ledger.load("p")
    await ledger.close()


async def test_a_file_locked_for_too_long_is_an_error_and_not_a_wait(
    sqlite_place: str, rows: Any
) -> None:
    ledger = Ledger.open(sqlite_place, job="job", patience=0.2)
    other = sqlite3.connect(sqlite_place, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(LedgerError, match="kept it locked"):
        await ledger.commit(rows.call("k"))
    other.close()
    await ledger.close()


async def test_a_lock_that_is_let_go_is_waited_for(sqlite_place: str, rows: Any) -> None:
    async with Ledger.open(sqlite_place, job="job", patience=5) as ledger:
        other = sqlite3.connect(sqlite_place, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        commit = ledger.commit(rows.call("k"))
        await asyncio.sleep(0.1)
        assert not commit.done()
        other.execute("ROLLBACK")
        await commit
        other.close()


async def test_a_lost_connection_is_opened_again(postgres_place: str, rows: Any) -> None:
    async with Ledger.open(postgres_place, job="job", patience=5) as ledger:
        await ledger.commit(rows.call("k1"))
        own = await ledger.perform(lambda c: c.exec_driver_sql("SELECT pg_backend_pid()").scalar())
        async with Ledger.open(postgres_place, job="other") as other:
            sql = f"SELECT pg_terminate_backend({own})"
            await other.perform(lambda c: c.exec_driver_sql(sql).scalar())
        await ledger.commit(rows.call("k2"))
        await ledger.load("p")
        assert ledger.find("k2") is not None


def test_a_file_that_is_no_database_is_refused_with_advice(tmp_path: Path) -> None:
    place = tmp_path / "notes.txt"
    place.write_text("not a database, but long enough to look at" * 50)
    with pytest.raises(LedgerError, match="not a ledger"):
        Ledger.open(place, job="job")


def test_an_unreachable_server_is_refused_without_its_password() -> None:
    place = "postgresql://user:hunter2@127.0.0.1:1/none"
    with pytest.raises(LedgerError) as caught:
        Ledger.open(place, job="job", patience=2)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("place", [":memory:", "mysql://localhost/x", "sqlite://"])
def test_places_that_keep_nothing_are_refused(place: str) -> None:
    with pytest.raises(BadInput):
        Ledger.open(place, job="job")


def test_what_was_written_without_waiting_survives_a_plain_exit(
    sqlite_place: str, tmp_path: Path
) -> None:
    script = WRITING.replace("await ledger.commit", "ledger.write").replace("100000", "500")
    subprocess.run([sys.executable, "-c", script, sqlite_place], stdout=-1, check=True)
    assert facts(sqlite_place) == ("ok", 500, 500)


def removed(place: Path) -> None:
    place.unlink()


def replaced(place: Path) -> None:
    place.unlink()
    sqlite3.connect(place).close()


def cut(place: Path) -> None:
    os.truncate(place, 0)


def without_its_log(place: Path) -> None:
    place.with_name(f"{place.name}-wal").unlink()


@pytest.mark.parametrize("lose", [removed, replaced, cut, without_its_log])
async def test_a_ledger_that_is_lost_under_its_job_stops_it_at_the_next_write(
    sqlite_place: str, rows: Any, lose: Callable[[Path], None]
) -> None:
    ledger = Ledger.open(sqlite_place, job="job")
    await ledger.commit(rows.call("a"), rows.use("a"))
    lose(Path(sqlite_place))
    with pytest.raises(LedgerError):
        await ledger.commit(rows.call("b"), rows.use("b"))
    with pytest.raises(LedgerError):
        ledger.write(rows.call("c"))
    with suppress(LedgerError):
        await ledger.close()
