"""What a process spent, as its attempts say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import Column, ColumnElement, Connection, case, delete, func, select, update

from tts.ledger.tables import ATTEMPTS, LEASES, USAGE

Amounts = Mapping[str, int | None]
SHIFT = 1 << 24
"""Sums are taken of two parts: the FLOPs of a job alone may exceed 63 bits."""


def parted(amount: ColumnElement[Any]) -> list[ColumnElement[Any]]:
    """Aggregates of one column: sum of the high parts, of the low parts, rows without a value."""
    missing = func.count() - func.count(amount)
    return [func.sum(amount // SHIFT), func.sum(amount % SHIFT), missing]


def whole(high: Any, low: Any, missing: int) -> tuple[int, int]:
    """The sum of the known values and how many were unknown."""
    return int(high or 0) * SHIFT + int(low or 0), missing


def charged(name: str) -> ColumnElement[Any]:
    """What an attempt counts as: its worst case while nobody knows how it ended."""
    billed: Column[Any] = ATTEMPTS.c["billed_" + name]
    return case((ATTEMPTS.c.open, ATTEMPTS.c["worst_" + name]), else_=billed)


def process_spent(connection: Connection, token: str) -> dict[str, int | None]:
    """The sum over a process's attempts, open ones at their worst case; unknown wins."""
    columns = [part for name in USAGE for part in parted(charged(name))]
    mine = ATTEMPTS.c.process == token
    row = tuple(connection.execute(select(*columns).where(mine)).one())
    sums = {name: whole(*row[3 * at : 3 * at + 3]) for at, name in enumerate(USAGE)}
    known = {name: None if missing else total for name, (total, missing) in sums.items()}
    prompt, completion = known["prompt_tokens"], known["completion_tokens"]
    return {**known, "tokens": (prompt or 0) + (completion or 0)}


def close_process(connection: Connection, job: str, token: str) -> None:
    """End a process's leases: what it spent stays, what else it held returns.

    A dimension whose sum is unknown keeps the whole block.
    """
    where = (LEASES.c.job == job) & (LEASES.c.kind == "process") & (LEASES.c.name == token)
    held = connection.execute(select(LEASES.c.amounts).where(where, LEASES.c.live)).scalar()
    if held is None:
        return
    block: Amounts = msgspec.json.decode(held, type=dict[str, int | None])
    spent = process_spent(connection, token)
    kept = {name: block.get(name) if sum_ is None else sum_ for name, sum_ in spent.items()}
    amounts = msgspec.json.encode(kept).decode()
    connection.execute(update(LEASES).where(where).values(live=False, amounts=amounts))
    claims = (LEASES.c.job == job) & (LEASES.c.kind == "claim") & (LEASES.c.owner == token)
    connection.execute(delete(LEASES).where(claims))
