"""What a ledger answers about the money: billed to attempts, attributed to uses."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct
from sqlalchemy import (
    Column,
    ColumnElement,
    Engine,
    Executable,
    FromClause,
    Integer,
    Select,
    Table,
    case,
    cast,
    func,
    literal,
    select,
    union_all,
)

from tts.ledger.codec import USAGE, digests
from tts.ledger.connect import chunks, connect
from tts.ledger.process import parted, whole
from tts.ledger.reader import rows_of
from tts.ledger.schema import current
from tts.ledger.tables import (
    ATTEMPT_ROWS,
    CALL_ROWS,
    DONE,
    JOBS,
    OPEN_ATTEMPTS,
    OPERATIONS,
    RUNS,
    USE_ROWS,
)
from tts.values import Usage


class Bill(Struct, frozen=True, kw_only=True):
    """What a group of attempts was billed, between two bounds."""

    name: str
    attempts: int
    unknown: int
    """Attempts that were perhaps sent and whose cost nobody knows."""
    lower: Usage
    """Without them."""
    upper: Usage
    """With each of them at its worst case."""
    known: Usage
    """`lower` without what has no known amount: no sum, but what is certain."""


class Share(Struct, frozen=True, kw_only=True):
    """What a group of uses would have cost alone."""

    name: str
    uses: int
    usage: Usage
    known: Usage
    """The part of `usage` whose amounts are known."""


class JobSummary(Struct, frozen=True, kw_only=True):
    """One job of a ledger."""

    job: str
    kind: str
    created_at: float
    """Seconds since the epoch."""
    runs: int
    ended: int


class Ending(Struct, frozen=True, kw_only=True):
    """Runs of one strategy under one budget that ended alike."""

    strategy: str
    """Canonical JSON, as the budget is."""
    budget: str
    stopped_by: str | None
    """None: they are open."""
    runs: int
    tokens: int
    """Attributed to all of them."""


class Spent(Struct, frozen=True):
    """What was billed in one slice of a job's time."""

    at: float
    """Its end, in seconds since the epoch."""
    tokens: int


SLICES = 200
"""Of a job's time, at most."""


def usages(parts: Sequence[Any]) -> tuple[Usage, Usage]:
    """From the aggregates of `parted`, dimension by dimension: unknown wins; only the known."""
    sums = {name: whole(*parts[3 * at : 3 * at + 3]) for at, name in enumerate(USAGE)}
    known = {name: total for name, (total, _) in sums.items()}
    strict = {name: None if missing else total for name, (total, missing) in sums.items()}
    return Usage(**strict), Usage(**known)  # type: ignore[arg-type]


Grouping = Literal["job", "strategy", "model", "role", "problem", "run"]
Groups = dict[str, list[int]]
"""Rows and aggregates by the name of a group."""

OF_KIND = OPERATIONS.c.id == DONE.c.operation


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

    def endings(self, job: str) -> list[Ending]:
        """The runs of a job, counted by strategy, budget and end, in this order."""
        names = (RUNS.c.strategy, RUNS.c.budget, RUNS.c.stopped_by)
        spent = RUNS.c.attributed_prompt_tokens + RUNS.c.attributed_completion_tokens
        query = select(*names, func.count(), func.sum(spent)).where(RUNS.c.job == job)
        rows = self._rows(query.group_by(*names).order_by(*names))
        return [
            Ending(
                strategy=row[0], budget=row[1], stopped_by=row[2], runs=row[3], tokens=row[4] or 0
            )
            for row in rows
        ]

    def billed(self, job: str, *, by: Grouping = "job") -> list[Bill]:
        """What the attempts of a job cost, by group; each request counts once."""
        found: Groups = {}
        for row in self._rows(done(job, by, "billed_")):
            add(found, row[0], [row[1], 0, *row[2:], *row[2:]])
        for table in (ATTEMPT_ROWS, OPEN_ATTEMPTS):
            for row in self._rows(grouped(table, job, by, costs(table))):
                add(found, row[0], row[1:])
        return [bill(name, sums) for name, sums in sorted(found.items())]

    def doubtful(self, job: str) -> Bill | None:
        """The attempts of a job that were perhaps sent, and whose end nobody knows."""
        found: Groups = {}
        for table in (ATTEMPT_ROWS, OPEN_ATTEMPTS):
            doubt = grouped(table, job, "job", costs(table))
            for row in self._rows(doubt.where(table.c.state == "sent_unknown")):
                add(found, row[0], row[1:])
        return next((bill(name, sums) for name, sums in found.items()), None)

    def attributed(self, job: str, *, by: Grouping = "job") -> list[Share]:
        """What the uses of a job's calls would have cost alone, by group."""
        found: Groups = {}
        for row in self._rows(done(job, by, "attributed_")):
            add(found, row[0], row[1:])
        sums = [part for name in USAGE for part in parted(USE_ROWS.c[name])]
        rows = self._rows(grouped(USE_ROWS, job, by, sums))
        models = self._models(job, [row[0] for row in rows]) if by == "model" else {}
        for row in rows:
            add(found, models.get(row[0], "") if by == "model" else row[0], row[1:])
        return [share(name, sums) for name, sums in sorted(found.items())]

    def spent_over_time(self, job: str) -> list[Spent]:
        """Tokens billed to answered attempts, slice by slice, the first of them at its beginning.

        Attempts with rows of their own (those that failed, draws that travelled together) count as
        of the moment at which they were sent.
        """
        tokens = ATTEMPT_ROWS.c.billed_prompt_tokens + ATTEMPT_ROWS.c.billed_completion_tokens
        apart = select(ATTEMPT_ROWS.c.started_at, tokens).where(ATTEMPT_ROWS.c.job == job)
        billed = DONE.c.billed_prompt_tokens + DONE.c.billed_completion_tokens
        ended = DONE.c.started_at + DONE.c.latency_s
        made = select(ended, billed).join_from(DONE, OPERATIONS, OF_KIND)
        every = union_all(apart, made.where(OPERATIONS.c.job == job)).subquery()
        when, much = every.c[every.c.keys()[0]], every.c[every.c.keys()[1]]
        [(first, last)] = self._rows(select(func.min(when), func.max(when)))
        if first is None:
            return []
        width = max(float(last) - float(first), 1e-6) / SLICES
        place = (when - first) / width
        cuts = self._engine.dialect.name == "sqlite"  # which cuts where the other one rounds
        slice_ = cast(place if cuts else func.floor(place), Integer)
        rows = self._rows(select(slice_, func.sum(much)).group_by(slice_).order_by(slice_))
        spent = [Spent(float(first) + (row[0] + 1) * width, int(row[1] or 0)) for row in rows]
        return [Spent(float(first), 0), *spent]

    def _models(self, job: str, keys: Sequence[str]) -> dict[str, str]:
        """The models of finished calls."""
        found: dict[str, str] = {}
        for chunk in chunks(keys):
            apart = select(CALL_ROWS.c.key, CALL_ROWS.c.model)
            rows = self._rows(apart.where(CALL_ROWS.c.job == job, CALL_ROWS.c.key.in_(chunk)))
            found |= {row[0]: row[1] for row in rows}
            hashes = digests(chunk)
            made = select(DONE.c.key, OPERATIONS.c.model).join_from(DONE, OPERATIONS, OF_KIND)
            rows = self._rows(made.where(OPERATIONS.c.job == job, DONE.c.key.in_(hashes)))
            found |= {bytes(row[0]).hex(): row[1] for row in rows}
        return found

    def _rows(self, query: Executable) -> Sequence[Any]:
        return rows_of(self._engine, query)


def add(found: Groups, name: str, amounts: Sequence[Any]) -> None:
    before = found.setdefault(name, [0] * len(amounts))
    for at, amount in enumerate(amounts):
        before[at] += int(amount or 0)


def done(job: str, by: Grouping, prefix: str) -> Select[Any]:
    """Name, rows and sums of the common case: summed up by a number before anything is joined."""
    of_run = by in ("strategy", "run")
    key = DONE.c.run_id if of_run else DONE.c.operation
    sums = [part for name in USAGE for part in summed(DONE.c[prefix + name])]
    labelled = [part.label(f"part{at}") for at, part in enumerate(sums)]
    inner = select(key.label("place"), func.count().label("rows"), *labelled).group_by(key)
    parts = inner.subquery()
    source = RUNS if of_run else OPERATIONS
    here = source.c.run_id if of_run else source.c.id
    name = source.c["problem_id" if by == "problem" else "run_id" if by == "run" else by]
    totals = [func.sum(parts.c[f"part{at}"]) for at in range(len(sums))]
    query = select(name, func.sum(parts.c.rows), *totals).join_from(
        parts, source, here == parts.c.place
    )
    return query.where(source.c.job == job).group_by(name)


def summed(amount: Column[Any]) -> list[ColumnElement[Any]]:
    """As `parted`; what is always known is summed at once, as no sum of counts leaves 63 bits."""
    return parted(amount) if amount.nullable else [literal(0), func.sum(amount), literal(0)]


def costs(table: Table) -> list[ColumnElement[Any]]:
    """How many attempts are of unknown end, and their sums without those and with their worst."""
    unknown = table.c.state == "sent_unknown"
    sums: list[ColumnElement[Any]] = [func.count(case((unknown, 1)))]
    for worst in (False, True):
        for name in USAGE:
            doubtful = table.c["worst_" + name] if worst else literal(0)
            sums += parted(case((unknown, doubtful), else_=table.c["billed_" + name]))
    return sums


def grouped(
    table: Table, job: str, by: Grouping, columns: Sequence[ColumnElement[Any]]
) -> Select[Any]:
    """Group name, number of rows and the given aggregates; of uses, calls stand for models."""
    run = (RUNS.c.job == table.c.job) & (RUNS.c.run_id == table.c.run_id)
    sources: dict[Grouping, tuple[FromClause, ColumnElement[Any]]] = {
        "job": (table, table.c.job),
        "role": (table, table.c.role),
        "run": (table, table.c.run_id),
        "strategy": (table.outerjoin(RUNS, run), func.coalesce(RUNS.c.strategy, "")),
        "problem": (table.outerjoin(RUNS, run), func.coalesce(RUNS.c.problem_id, "")),
        "model": (table, table.c.key if table is USE_ROWS else table.c.model),
    }
    source, name = sources[by]
    group = name.label("name")
    query = select(group, func.count(), *columns).select_from(source).where(table.c.job == job)
    return query.group_by(group)


def bill(name: str, row: Sequence[Any]) -> Bill:
    lower, known = usages(row[2 : 2 + 3 * len(USAGE)])
    upper, _ = usages(row[2 + 3 * len(USAGE) :])
    return Bill(name=name, attempts=row[0], unknown=row[1], lower=lower, upper=upper, known=known)


def share(name: str, row: Sequence[Any]) -> Share:
    usage, known = usages(row[1:])
    return Share(name=name, uses=row[0], usage=usage, known=known)
