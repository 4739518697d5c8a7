"""A ledger is copied whole, a job leaves it whole, and its room is freed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from tts.errors import BadInput, UnknownName, UsageError
from tts.ledger import Ledger, Questions
from tts.ledger.connect import connect
from tts.ledger.copy import copy_ledger, sums_of
from tts.ledger.schema import migrate
from tts.ledger.tables import METADATA, RUNS, TEXTS
from tts.ledger.upkeep import prune, vacuum
from tts.protocols import JobRow, TextRow

Opener = Callable[..., Ledger]


async def fill(opened: Opener, rows: Any, *jobs: str) -> None:
    """Some jobs of three runs each, with calls, uses, attempts and a text of their own."""
    for job in jobs:
        async with opened(job) as ledger:
            ledger.write(JobRow(job=job, kind="k", manifest="{}", created_at=1.0))
            for at in range(3):
                run, key = f"{job}-{at}", f"{at:02x}{job.encode().hex():0>30}"[:32]
                ledger.write(TextRow(hash=key, text=f"asked {job} {at} ü"))
                ledger.write(rows.intent(f"{job}{at}", job=job, key=key, run_id=run))
                ledger.write(rows.call(key, job=job, input_hash=key))
                ledger.write(rows.settled(f"{job}{at}", job=job))
                ledger.write(rows.use(f"n{at}", job=job, key=key, run_id=run))
                await ledger.commit(rows.run(run, job=job))


def counted(place: str) -> dict[str, int]:
    engine = connect(place)
    with engine.connect() as connection:
        found = {
            name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in METADATA.tables.items()
        }
    engine.dispose()
    return found


def bills(place: str, job: str) -> list[Any]:
    questions = Questions.open(place)
    found = [*questions.billed(job, by="job"), *questions.attributed(job, by="job")]
    questions.close()
    return found


@pytest.fixture(params=["sqlite", "postgres"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Another place than `place`, of each kind of database in turn."""
    if request.param == "sqlite":
        yield str(tmp_path / "copy.db")
    else:
        yield request.getfixturevalue("other_postgres")


async def test_a_copy_holds_the_same_rows_and_answers_the_same(
    opened: Opener, rows: Any, place: str, target: str
) -> None:
    await fill(opened, rows, "a", "b")
    copied = copy_ledger(place, target)
    assert copied == counted(place) == counted(target)
    assert copied["runs"] == 6 and copied["texts"] == 6
    assert bills(target, "a") == bills(place, "a") != []


async def test_a_copied_job_goes_on_where_it_was(
    opened: Opener, rows: Any, place: str, tmp_path: Path
) -> None:
    await fill(opened, rows, "a")
    target = str(tmp_path / "copy.db")
    copy_ledger(place, target)
    async with Ledger.open(target, job="a") as ledger:
        assert len(await ledger.runs()) == 3
        await ledger.load("p")
        assert ledger.find(f"{0:02x}{b'a'.hex():0>30}"[:32]) is not None


async def test_a_target_that_holds_jobs_is_left_alone(
    opened: Opener, rows: Any, place: str, tmp_path: Path
) -> None:
    await fill(opened, rows, "a")
    target = str(tmp_path / "copy.db")
    copy_ledger(place, target)
    before = counted(target)
    with pytest.raises(UsageError, match=r"holds jobs already \(1\)"):
        copy_ledger(place, target)
    assert counted(target) == before


async def test_a_ledger_that_is_written_to_is_not_copied(
    opened: Opener, rows: Any, place: str, tmp_path: Path
) -> None:
    await fill(opened, rows, "a")
    async with opened("a"):
        with pytest.raises(UsageError, match="being written to"):
            copy_ledger(place, tmp_path / "copy.db")


def test_a_source_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"nosuch\.db"):
        copy_ledger(tmp_path / "nosuch.db", tmp_path / "copy.db")


async def test_the_sums_tell_a_changed_row(opened: Opener, rows: Any, place: str) -> None:
    await fill(opened, rows, "a")
    engine = connect(place)
    with engine.connect() as connection:
        before = sums_of(connection, RUNS)
        connection.execute(RUNS.update().where(RUNS.c.run_id == "a-0").values(replicate=1))
        after = sums_of(connection, RUNS)
    engine.dispose()
    assert {name for name in before if before[name] != after[name]} == {"replicate"}


async def test_a_pruned_job_takes_all_that_is_only_its_own(
    opened: Opener, rows: Any, place: str, tmp_path: Path
) -> None:
    await fill(opened, rows, "b")
    alone = counted(place)
    kept = bills(place, "b")
    await fill(opened, rows, "a")
    gone = prune(place, "a")
    assert gone.runs == 3
    assert counted(place) == alone and bills(place, "b") == kept


async def test_a_job_that_is_worked_at_or_not_there_is_not_pruned(
    opened: Opener, rows: Any, place: str
) -> None:
    await fill(opened, rows, "a")
    async with opened("a"):
        with pytest.raises(UsageError, match="worked at"):
            prune(place, "a")
    with pytest.raises(UnknownName, match="a"):
        prune(place, "nosuch")


async def test_the_problems_of_another_job_stay(opened: Opener, rows: Any, place: str) -> None:
    await fill(opened, rows, "a")
    async with opened("b") as ledger:
        manifest = '{"problems": {"digest": "the-set"}}'
        ledger.write(JobRow(job="b", kind="comparison", manifest=manifest, created_at=2.0))
        await ledger.commit(TextRow(hash="the-set", text="problems"))
    prune(place, "a")
    engine = connect(place)
    with engine.connect() as connection:
        assert connection.execute(select(TEXTS.c.hash)).scalars().all() == ["the-set"]
    engine.dispose()


async def test_vacuum_frees_what_a_pruned_job_held(sqlite_place: str, rows: Any) -> None:
    def opened(job: str) -> Ledger:
        return Ledger.open(sqlite_place, job=job)

    await fill(opened, rows, "a")
    async with opened("a") as ledger:
        await ledger.commit(*(TextRow(hash=f"{i}", text="x" * 10_000) for i in range(200)))
    prune(sqlite_place, "a")
    before, after = vacuum(sqlite_place)
    assert after < before / 4


def test_vacuum_of_a_postgres_ledger_tells_its_size(postgres_place: str) -> None:
    engine = connect(postgres_place)
    migrate(engine)
    engine.dispose()
    before, after = vacuum(postgres_place)
    assert before >= after > 0
