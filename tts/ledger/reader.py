"""The committed rows of one job: read from the database, and held while they are wanted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from threading import Lock
from typing import Any

from sqlalchemy import Engine, Executable, Select, String, bindparam, func, select
from sqlalchemy.exc import DBAPIError

from tts.ledger.codec import (
    CALL,
    JOB,
    OUTCOME,
    RUN,
    USAGE,
    USE,
    decode_usage,
    digests,
    of_bill,
)
from tts.ledger.connect import chunks, unreadable
from tts.ledger.session import asked
from tts.ledger.tables import (
    ATTEMPTS,
    CALL_ROWS,
    CALLS,
    DONE,
    JOBS,
    OPERATIONS,
    OUTCOMES,
    RUNS,
    TEXTS,
    USE_ROWS,
    USES,
)
from tts.protocols import CallRow, JobRow, OutcomeRow, Row, RunRow, UseRow
from tts.values import NOTHING, Usage


class CallCache:
    """Finished calls by key, held for as long as one of their problems is wanted.

    Filled by the writer's thread and by the event loop.
    """

    def __init__(self) -> None:
        self._calls: dict[str, CallRow] = {}
        self._holders: Counter[str] = Counter()
        self._problems: dict[str, set[str]] = {}
        self._lock = Lock()

    def find(self, key: str) -> CallRow | None:
        return self._calls.get(key)

    def add(self, rows: Sequence[Row]) -> None:
        """Hold the calls among rows that became durable."""
        with self._lock:
            for row in rows:
                if type(row) is CallRow:
                    self._hold(row.problem_id, row)

    def load(self, problem_id: str, calls: Iterable[CallRow]) -> None:
        """Hold the recorded calls of a problem, those that it shares with others included."""
        with self._lock:
            for call in calls:
                self._hold(problem_id, call)

    def _hold(self, problem_id: str, call: CallRow) -> None:
        keys = self._problems.setdefault(problem_id, set())
        if call.key not in keys:
            keys.add(call.key)
            self._holders[call.key] += 1
            self._calls.setdefault(call.key, call)

    def forget(self, problem_id: str) -> None:
        """Free the calls that no other problem holds."""
        with self._lock:
            for key in self._problems.pop(problem_id, ()):
                self._holders[key] -= 1
                if not self._holders[key]:
                    del self._holders[key], self._calls[key]


HASHES = [CALL.fields.index(name) for name in ("key", "input_hash")]


def decode_done(values: Sequence[Any]) -> CallRow:
    """A call from the row that it shares with its attempt and its use."""
    found = list(values)
    for at in HASHES:
        found[at] = bytes(found[at]).hex()
    return CALL.decode(found)


class Prepared:
    """A query put into words once; its `bindparam`s are given when it is asked."""

    def __init__(self, query: Select[Any], engine: Engine) -> None:
        compiled = query.compile(dialect=engine.dialect)
        self._engine = engine
        self._sql = str(compiled)
        self._order: Sequence[str] | None = getattr(compiled, "positiontup", None)

    def ask(self, **values: str) -> Sequence[Any]:
        """The rows as the driver returns them."""
        given: Any = tuple(values[name] for name in self._order) if self._order else values
        return asked(self._engine, lambda c: c.exec_driver_sql(self._sql, given).all())


LAST = "\U0010ffff"
"""Behind every character of an id."""


class Reader:
    """Blocking reads of one job's committed rows; raises `LedgerError`."""

    def __init__(self, engine: Engine, *, job: str) -> None:
        self._engine = engine
        self._job = self.name = job
        job_of = bindparam("job", type_=String)
        run = bindparam("run_id", type_=String)
        problem = bindparam("problem_id", type_=String)
        own = select(CALL_ROWS).where(CALL_ROWS.c.job == job_of, CALL_ROWS.c.problem_id == problem)
        self._calls = Prepared(own, engine)
        names = [column.name for column in CALLS.c]
        call = [(DONE if name in DONE.c else OPERATIONS).c[name] for name in names]
        self._done = select(*call).join_from(DONE, OPERATIONS, OPERATIONS.c.id == DONE.c.operation)
        self._made = Prepared(self._done.where(DONE.c.run_id == run), engine)
        self._runs_of = Prepared(
            select(RUNS.c.run_id).where(RUNS.c.job == job_of, RUNS.c.problem_id == problem), engine
        )
        self._found = Prepared(
            select(USE_ROWS.c.key).where(USE_ROWS.c.job == job_of, USE_ROWS.c.run_id == run), engine
        )
        uses = select(USES).where(USES.c.job == job_of, USES.c.run_id == run)
        self._uses = Prepared(uses.order_by(USES.c.at, USES.c.node), engine)
        spent = [ATTEMPTS.c[prefix + name] for prefix in ("worst_", "billed_") for name in USAGE]
        mine = (ATTEMPTS.c.job == job_of) & (ATTEMPTS.c.run_id == run)
        self._attempts = Prepared(select(*spent).where(mine), engine)
        times = [ATTEMPTS.c[name] for name in ("key", "started_at", "latency_s")]
        self._times = Prepared(select(*times).where(mine).order_by(ATTEMPTS.c.started_at), engine)
        outcomes = select(OUTCOMES).where(OUTCOMES.c.job == job_of, OUTCOMES.c.run_id == run)
        self._outcomes = Prepared(outcomes.order_by(OUTCOMES.c.node), engine)

    def calls(self, problem_id: str) -> list[CallRow]:
        """The finished calls that a problem made, and those of others that its runs used."""
        runs = [row[0] for row in self._ask(self._runs_of, problem_id=problem_id)]
        own = [CALL.decode(row) for row in self._ask(self._calls, problem_id=problem_id)]
        own += [decode_done(row) for run in runs for row in self._ask(self._made, run_id=run)]
        return own + self._borrowed(runs, {call.key for call in own})

    def _borrowed(self, runs: Sequence[str], own: set[str]) -> list[CallRow]:
        """By steps that each look up a key: SQLite would read every use for one query."""
        keys = {row[0] for run in runs for row in self._ask(self._found, run_id=run)}
        missing = sorted(keys - own)
        found: list[CallRow] = []
        for chunk in chunks(missing):
            apart = select(CALL_ROWS).where(
                CALL_ROWS.c.job == self._job, CALL_ROWS.c.key.in_(chunk)
            )
            found += [CALL.decode(row) for row in self._rows(apart)]
            hashes = digests(chunk)
            done = self._done.where(OPERATIONS.c.job == self._job, DONE.c.key.in_(hashes))
            found += [decode_done(row) for row in self._rows(done)]
        return found

    def uses(self, run_id: str) -> list[UseRow]:
        return [USE.decode(row) for row in self._ask(self._uses, run_id=run_id)]

    def outcomes(self, run_id: str) -> list[OutcomeRow]:
        return [OUTCOME.decode(row) for row in self._ask(self._outcomes, run_id=run_id)]

    def times(self, run_id: str) -> dict[str, tuple[float, float]]:
        """By key, when the last attempt of a run that ended was sent, in seconds since the epoch,
        and how many seconds it took."""
        rows = self._ask(self._times, run_id=run_id)
        return {row[0]: (float(row[1]), float(row[2])) for row in rows if row[2] is not None}

    def billed(self, run_id: str) -> Usage:
        """What the attempts of a run were billed, those of unknown end at their worst."""
        found = NOTHING
        for row in self._ask(self._attempts, run_id=run_id):
            worst, billed = row[: len(USAGE)], row[len(USAGE) :]
            found = found + of_bill(decode_usage(worst if billed[0] is None else billed))
        return found

    def runs(self, problems: Collection[str] | None = None) -> list[RunRow]:
        """The runs of the job, or of some of its problems."""
        query = select(RUNS).where(RUNS.c.job == self._job)
        if problems is None:
            return [RUN.decode(row) for row in self._rows(query.order_by(RUNS.c.run_id))]
        names, found = sorted(problems), list[RunRow]()
        for chunk in chunks(names):
            # Asked for in the order of the runs, SQLite would go through all of them for each chunk.
            some = query.where(RUNS.c.problem_id.in_(chunk))
            found += [RUN.decode(row) for row in self._rows(some)]
        return sorted(found, key=lambda row: row.run_id)

    def ended(self) -> set[str]:
        """The ids of the runs that have ended. Not by what stopped them, which lies behind their
        results: those would all be read."""
        query = select(RUNS.c.run_id).where(RUNS.c.job == self._job, RUNS.c.result.is_not(None))
        return {row[0] for row in self._rows(query)}

    def count_runs(self) -> int:
        query = select(func.count()).select_from(RUNS).where(RUNS.c.job == self._job)
        return int(self._rows(query)[0][0])

    def first_runs(self, most: int, *, begin: str = "") -> list[RunRow]:
        """The first runs whose ids begin so, in the order of their ids."""
        query = self._beginning(select(RUNS), begin).limit(most)
        return [RUN.decode(row) for row in self._rows(query)]

    def run_ids(self, begin: str = "") -> list[str]:
        """The ids of the job's runs that begin so, in order."""
        return [row[0] for row in self._rows(self._beginning(select(RUNS.c.run_id), begin))]

    def _beginning(self, query: Select[Any], begin: str) -> Select[Any]:
        query = query.where(RUNS.c.job == self._job, RUNS.c.run_id >= begin).order_by(RUNS.c.run_id)
        return query.where(RUNS.c.run_id < begin + LAST) if begin else query

    def job(self) -> JobRow | None:
        rows = self._rows(select(JOBS).where(JOBS.c.job == self._job))
        return JOB.decode(rows[0]) if rows else None

    def text(self, key: str) -> str | None:
        rows = self._rows(select(TEXTS.c.text).where(TEXTS.c.hash == key))
        return bytes(rows[0][0]).decode("utf-8", "surrogatepass") if rows else None

    def _ask(self, question: Prepared, **values: str) -> Sequence[Any]:
        try:
            return question.ask(job=self._job, **values)
        except DBAPIError as error:
            raise unreadable(error) from error

    def _rows(self, query: Select[Any]) -> Sequence[Any]:
        return rows_of(self._engine, query)


def job_names(engine: Engine) -> list[str]:
    """Every job of a ledger, the oldest first."""
    query = select(JOBS.c.job).order_by(JOBS.c.created_at, JOBS.c.job)
    return [row[0] for row in rows_of(engine, query)]


def rows_of(engine: Engine, query: Executable) -> Sequence[Any]:
    try:
        return asked(engine, lambda connection: connection.execute(query).all())
    except DBAPIError as error:
        raise unreadable(error) from error
