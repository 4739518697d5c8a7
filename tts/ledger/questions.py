"""What a ledger answers about the money."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import ColumnElement, Engine, FromClause, Select, case, func, select
from sqlalchemy.exc import DBAPIError

from tts.ledger.connect import connect
from tts.ledger.failures import unreadable
from tts.ledger.schema import current
from tts.ledger.spent import parted
from tts.ledger.tables import ATTEMPTS, CALLS, JOBS, RUNS, USAGE, USES
from tts.ledger.total import Bill, JobSummary, Share, usages

Grouping = Literal["job", "strategy", "model", "role", "problem", "run"]

UNKNOWN = ATTEMPTS.c.state == "sent_unknown"


class Questions:
    """Reads a ledger of any number of jobs; every answer raises `LedgerError`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, place: str | Path) -> Questions:
        """Open the ledger at a path or a URL without changing it."""
        return cls(current(connect(place, create=False)))

    def close(self) -> None:
        self._engine.dispose()

    def jobs(self) -> list[JobSummary]:
        """Every job, the oldest first."""
        query = (
            select(JOBS, func.count(RUNS.c.run_id), func.count(RUNS.c.stopped_by))
            .outerjoin(RUNS, RUNS.c.job == JOBS.c.job)
            .group_by(*JOBS.c)
            .order_by(JOBS.c.created_at, JOBS.c.job)
        )
        return [
            JobSummary(job=row[0], kind=row[1], created_at=row[3], runs=row[4], ended=row[5])
            for row in self._rows(query)
        ]

    def billed(self, job: str, *, by: Grouping = "job") -> list[Bill]:
        """What the attempts of a job cost, by group; each request counts once."""
        sums = [part for n in USAGE for part in parted(case((UNKNOWN, 0), else_=cost(n)))]
        sums += [part for n in USAGE for part in parted(case((UNKNOWN, worst(n)), else_=cost(n)))]
        unknown = func.count(case((UNKNOWN, 1)))
        rows = self._rows(grouped(ATTEMPTS, job, by, [unknown, *sums]))
        return [bill(row) for row in rows]

    def attributed(self, job: str, *, by: Grouping = "job") -> list[Share]:
        """What the uses of a job's calls would have cost alone, by group."""
        sums = [part for name in USAGE for part in parted(USES.c[name])]
        rows = self._rows(grouped(USES, job, by, sums))
        return [share(row) for row in rows]

    def _rows(self, query: Select[Any]) -> Sequence[Sequence[Any]]:
        try:
            with self._engine.connect() as connection:
                return connection.execute(query).all()
        except DBAPIError as error:
            raise unreadable(error) from error


def cost(name: str) -> ColumnElement[Any]:
    return ATTEMPTS.c["billed_" + name]


def worst(name: str) -> ColumnElement[Any]:
    return ATTEMPTS.c["worst_" + name]


def grouped(
    table: FromClause, job: str, by: Grouping, columns: Sequence[ColumnElement[Any]]
) -> Select[Any]:
    """Group name, number of rows and the given aggregates, the groups in the order of names."""
    run = (RUNS.c.job == table.c.job) & (RUNS.c.run_id == table.c.run_id)
    made = (CALLS.c.job == table.c.job) & (CALLS.c.key == table.c.key)
    sources: dict[Grouping, tuple[FromClause, ColumnElement[Any]]] = {
        "job": (table, table.c.job),
        "role": (table, table.c.role),
        "run": (table, table.c.run_id),
        "strategy": (table.outerjoin(RUNS, run), func.coalesce(RUNS.c.strategy, "")),
        "problem": (table.outerjoin(RUNS, run), func.coalesce(RUNS.c.problem_id, "")),
        "model": (table.outerjoin(CALLS, made), func.coalesce(CALLS.c.model, "")),
    }
    source, name = (table, table.c.model) if by == "model" and table is ATTEMPTS else sources[by]
    group = name.label("name")
    query = select(group, func.count(), *columns).select_from(source).where(table.c.job == job)
    return query.group_by(group).order_by(group)


def bill(row: Sequence[Any]) -> Bill:
    lower, known = usages(row[3 : 3 + 3 * len(USAGE)])
    upper, _ = usages(row[3 + 3 * len(USAGE) :])
    return Bill(name=row[0], attempts=row[1], unknown=row[2], lower=lower, upper=upper, known=known)


def share(row: Sequence[Any]) -> Share:
    usage, known = usages(row[2:])
    return Share(name=row[0], uses=row[1], usage=usage, known=known)
