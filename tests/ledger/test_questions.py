from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tts.errors import BadInput, LedgerError
from tts.ledger import Ledger, Questions
from tts.ledger.connect import connect
from tts.protocols import JobRow
from tts.values import Usage


@pytest.fixture
async def asked(place: str, rows: Any) -> Any:
    """A ledger with one job: two runs, a shared call, a settled and an open attempt."""
    async with Ledger.open(place, job="job") as ledger:
        ledger.write(JobRow(job="job", kind="comparison", manifest="{}", created_at=1.0))
        ledger.write(rows.run("r1", strategy="a", problem_id="p1", stopped_by="done"))
        ledger.write(rows.run("r2", strategy="b", problem_id="p2"), rows.call("k"))
        ledger.write(rows.use("n", run_id="r1", key="k"), rows.use("n", run_id="r2", key="k"))
        ledger.write(rows.intent("a", run_id="r1"), rows.intent("b", run_id="r2", model="m2"))
        await ledger.commit(rows.settled("a"))
    questions = Questions.open(place)
    yield questions
    questions.close()


def test_the_attempts_of_unknown_end_are_told_apart(asked: Questions, rows: Any) -> None:
    found = asked.doubtful("job")
    assert found is not None and (found.attempts, found.unknown) == (1, 1)
    assert (found.lower.tokens, found.upper.tokens) == (0, rows.worst.tokens)
    assert asked.doubtful("nosuch") is None


def test_jobs_are_listed_with_their_runs(asked: Questions) -> None:
    (job,) = asked.jobs()
    assert (job.job, job.kind, job.runs, job.ended) == ("job", "comparison", 2, 1)


def test_runs_are_counted_by_how_they_ended_and_open_ones_by_that(asked: Questions) -> None:
    first, second = asked.endings("job")
    assert (first.strategy, first.stopped_by, first.runs) == ("a", "done", 1)
    assert (second.strategy, second.stopped_by, second.runs, second.tokens) == ("b", None, 1, 0)


def test_a_shared_call_is_billed_once_and_attributed_twice(asked: Questions, rows: Any) -> None:
    (billed,), (attributed,) = asked.billed("job"), asked.attributed("job")
    assert billed.lower == billed.known == rows.spent
    assert attributed.usage == rows.spent + rows.spent and attributed.uses == 2


def test_an_attempt_that_nobody_settled_widens_the_bounds(asked: Questions, rows: Any) -> None:
    (bill,) = asked.billed("job")
    assert (bill.attempts, bill.unknown) == (2, 1)
    assert bill.upper == rows.spent + rows.worst


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("strategy", ["a", "b"]),
        ("problem", ["p1", "p2"]),
        ("run", ["r1", "r2"]),
        ("model", ["m", "m2"]),
        ("role", ["sample"]),
    ],
)
def test_billed_is_grouped(asked: Questions, by: Any, names: list[str]) -> None:
    bills = asked.billed("job", by=by)
    assert [bill.name for bill in bills] == names
    assert sum(bill.attempts for bill in bills) == 2


@pytest.mark.parametrize(
    ("by", "names"), [("strategy", ["a", "b"]), ("problem", ["p1", "p2"]), ("model", ["m"])]
)
def test_attributed_is_grouped(asked: Questions, by: Any, names: list[str]) -> None:
    shares = asked.attributed("job", by=by)
    assert [share.name for share in shares] == names
    assert sum(share.uses for share in shares) == 2


async def test_unknown_wins_in_sums_and_what_is_known_stays(place: str, rows: Any) -> None:
    async with Ledger.open(place, job="job") as ledger:
        unknown = Usage(calls=1, nanodollars=None)
        await ledger.commit(rows.use("a"), rows.use("b", attributed=unknown))
    with closing(Questions.open(place)) as questions:
        (share,) = questions.attributed("job")
    assert share.usage.nanodollars is None and share.usage.calls == 2
    assert share.known.nanodollars == 1000


async def test_sums_beyond_63_bits_are_exact(place: str, rows: Any) -> None:
    large = Usage(calls=1, flops=2**63 - 1)
    async with Ledger.open(place, job="job") as ledger:
        await ledger.commit(*(rows.use(f"{n}", attributed=large) for n in range(5)))
    with closing(Questions.open(place)) as questions:
        (share,) = questions.attributed("job")
    assert share.usage.flops == 5 * (2**63 - 1)


def test_a_ledger_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no ledger"):
        Questions.open(tmp_path / "absent.db")
    assert not list(tmp_path.iterdir())


def test_an_empty_file_is_looked_at_and_stays_empty(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    with pytest.raises(LedgerError, match="no job has written to it"):
        Questions.open(tmp_path / "empty.db")
    assert not (tmp_path / "empty.db").stat().st_size


def test_a_database_that_is_no_ledger_is_refused(place: str) -> None:
    engine = connect(place)
    engine.connect().close()
    engine.dispose()
    with pytest.raises(LedgerError, match=r"holds no ledger|schema none"):
        Questions.open(place)
