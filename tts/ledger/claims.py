"""Pieces of work of a job: each is held by one living process at a time.

A claim is a row that whoever comes first inserts, so that several processes claim at once; what a
dead process held is free once its lease is closed.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, Connection, delete, select

from tts.ledger.connect import chunks
from tts.ledger.holders import living, reconcile
from tts.ledger.process import Process, lease
from tts.ledger.tables import LEASES, RUNS


def claim(
    connection: Connection, process: Process, *, job: str, names: Collection[str]
) -> frozenset[str]:
    """Take what no living process holds; returns what is this process's now."""
    wanted = sorted({*names})  # two processes that want the same wait for each other in one order
    lease(connection, process, job=job, kind="claim", names=wanted)
    owners = _owners(connection, job, wanted)
    if _dead(connection, job, {*owners.values()} - {process.token}):
        reconcile(connection, job)
        lease(connection, process, job=job, kind="claim", names=wanted)
        owners = _owners(connection, job, wanted)
    return frozenset(name for name, owner in owners.items() if owner == process.token)


def release(connection: Connection, process: Process, *, job: str, names: Collection[str]) -> None:
    """Let go of what this process holds."""
    for some in chunks(sorted(names)):
        mine = _claims(job) & LEASES.c.name.in_(some) & (LEASES.c.owner == process.token)
        connection.execute(delete(LEASES).where(mine))


def claimed(connection: Connection, job: str) -> dict[str, str]:
    """Who holds what."""
    found = connection.execute(select(LEASES.c.name, LEASES.c.owner).where(_claims(job)))
    return {row.name: row.owner for row in found}


def begun(connection: Connection, job: str, problems: Collection[str]) -> dict[str, set[str]]:
    """Of each of these problems, its id and those of its runs where there are any."""
    found: dict[str, set[str]] = {problem: set() for problem in problems}
    for some in chunks(sorted(problems)):
        query = select(RUNS.c.problem_id, RUNS.c.run_id)
        of_these = (RUNS.c.job == job) & RUNS.c.problem_id.in_(some)
        for problem, run in connection.execute(query.where(of_these)):
            found[problem] |= {problem, run}
    return found


def _dead(connection: Connection, job: str, tokens: set[str]) -> set[str]:
    if not tokens:
        return set()
    return tokens - {holder.process.token for holder in living(connection, job)}


def _owners(connection: Connection, job: str, names: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for some in chunks(names):
        query = select(LEASES.c.name, LEASES.c.owner)
        rows = connection.execute(query.where(_claims(job), LEASES.c.name.in_(some)))
        found |= {row.name: row.owner for row in rows}
    return found


def _claims(job: str) -> ColumnElement[bool]:
    return (LEASES.c.job == job) & (LEASES.c.kind == "claim")
