"""What a process spent, as its attempts say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, delete, func, select, update

from tts.ledger.codec import OPEN, process_number, usage
from tts.ledger.tables import ATTEMPT_ROWS, DONE, LEASES, OPENS, SPENT, USAGE
from tts.values import NOTHING, Usage

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


def process_spent(connection: Connection, token: str) -> dict[str, int | None]:
    """What a process was billed, what is on its way at its worst case; unknown wins."""
    told = connection.execute(select(SPENT.c.amounts).where(SPENT.c.process == token)).scalar()
    ended = NOTHING if told is None else msgspec.json.decode(told, type=Usage)
    older = [] if told is not None else older_attempts(connection, token)
    usage = sum([*older, *open_worst(connection, token)], ended)
    return {**msgspec.structs.asdict(usage), "tokens": usage.tokens}


def older_attempts(connection: Connection, token: str) -> list[Usage]:
    """Of a process of version 0.1.0, which kept no sum: each of its attempts."""
    rows = connection.execute(select(ATTEMPT_ROWS).where(ATTEMPT_ROWS.c.process == token))
    return [usage(dict(row), "worst_" if row["open"] else "billed_") for row in rows.mappings()]


def open_worst(connection: Connection, token: str) -> list[Usage]:
    """The worst cases of the attempts that a process listed and never settled."""
    number = process_number(token)
    found: list[Usage] = []
    for listed in connection.execute(select(OPENS.c.attempts).where(OPENS.c.process == number)):
        attempts = msgspec.json.decode(listed[0])
        ended = settled(connection, token, attempts)
        worst = [row[-len(USAGE) :] for row in attempts if row[0] not in ended]
        found += [Usage(**dict(zip(USAGE, amounts, strict=True))) for amounts in worst]
    return found


def settled(connection: Connection, token: str, attempts: list[list[Any]]) -> set[int]:
    """The serials among listed attempts that have ended."""
    serials, runs = [row[0] for row in attempts], {row[OPEN.index("run_id")] for row in attempts}
    mine = (ATTEMPT_ROWS.c.process == token) & ATTEMPT_ROWS.c.serial.in_(serials)
    apart = connection.execute(select(ATTEMPT_ROWS.c.serial).where(mine)).scalars()
    done = select(DONE.c.serial).where(
        DONE.c.run_id.in_(runs), DONE.c.process == process_number(token)
    )
    return {*apart, *connection.execute(done).scalars()}


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
