"""A process in a job: who it is, whether it lives, what it spent, how its leases end."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from secrets import token_hex
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, delete, func, select, update

from tts.errors import TakenOver
from tts.ledger.batch import OPEN
from tts.ledger.codec import USAGE, decode_usage, process_number
from tts.ledger.statements import insert
from tts.ledger.tables import ATTEMPT_ROWS, DONE, LEASES, OPENS, SPENT
from tts.values import NOTHING, Usage

PROC = Path("/proc")


class Process(Struct, frozen=True, kw_only=True):
    """One opening of a ledger by one process."""

    token: str
    """Unlike any other's."""
    host: str
    """Machine, boot and process namespace: pids are comparable only within the same."""
    pid: int
    born: str
    """When the process started, in the kernel's ticks: a pid alone may be used again."""
    opened_at: float = 0.0
    """When it opened the ledger, in seconds since the epoch; known of this process alone."""

    @classmethod
    def current(cls) -> Process:
        return cls(
            token=token_hex(8),
            host=host(),
            pid=os.getpid(),
            born=born(os.getpid()) or "",
            opened_at=time.time(),
        )

    def lives(self, beat_at: float, now: float, *, patience: float) -> bool:
        """By its pid on this host; by its heartbeat, `patience` seconds at most ago, on another."""
        if self.host == host():
            return born(self.pid) == self.born
        return now - beat_at <= patience


def host() -> str:
    try:
        boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
        space = os.readlink(PROC / "self/ns/pid")
    except OSError:
        boot, space = "", ""
    return f"{socket.gethostname()} {boot} {space}".strip()


def born(pid: int) -> str | None:
    """Start time of a running process; None: there is none; empty: it cannot be told."""
    try:
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return signalled(pid)
    return None if fields[0] in "ZX" else fields[19]


def signalled(pid: int) -> str | None:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        return ""
    return None if PROC.joinpath("self").exists() else ""


EXPIRY = 60.0
"""Seconds without a heartbeat after which a process on another host counts as dead."""

HEARTBEAT = 15.0
"""Seconds between heartbeats."""


def clock(connection: Connection) -> float:
    """Seconds since the epoch, by the clock that all processes of the ledger share."""
    if connection.dialect.name == "sqlite":
        return time.time()
    query = select(func.extract("epoch", func.clock_timestamp()))
    return float(connection.execute(query).scalar_one())


def lease(
    connection: Connection, process: Process, *, job: str, kind: str, names: Sequence[str]
) -> None:
    """Write live leases of this process, where nobody has one of that name."""
    at = clock(connection)
    rest = (process.token, "{}", True, process.host, process.pid, process.born, at)
    rows = [(job, kind, name, *rest) for name in names]
    connection.exec_driver_sql(insert(LEASES, 1, connection.dialect), rows)


def presence(job: str) -> ColumnElement[bool]:
    """The leases by which processes say that they work on a job."""
    return (LEASES.c.job == job) & (LEASES.c.kind == "process")


def neighbours(connection: Connection, process: Process, *, job: str) -> bool:
    """Whether other processes work on the job, or did so since this one opened it."""
    since = LEASES.c.live | (LEASES.c.beat_at >= process.opened_at)
    other = select(LEASES.c.name).where(presence(job), LEASES.c.name != process.token, since)
    return connection.execute(other.limit(1)).first() is not None


def beat(connection: Connection, process: Process, *, job: str) -> None:
    """Say that the process lives.

    Raises `TakenOver` where others took it for dead, and may have spent what it held.
    """
    mine = presence(job) & (LEASES.c.name == process.token) & LEASES.c.live
    changed = connection.execute(
        update(LEASES).where(mine).values(beat_at=clock(connection))
    ).rowcount
    if changed != 1:
        raise TakenOver(
            "This process gave no sign of life for so long that another one took over its share "
            "of the job. Run the same command again: every finished call is kept."
        )


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
    found = [("worst_" if row["open"] else "billed_", row) for row in rows.mappings()]
    return [decode_usage([row[prefix + name] for name in USAGE]) for prefix, row in found]


def open_worst(connection: Connection, token: str) -> list[Usage]:
    """The worst cases of the attempts that a process listed and never settled."""
    number = process_number(token)
    found: list[Usage] = []
    for listed in connection.execute(select(OPENS.c.attempts).where(OPENS.c.process == number)):
        attempts = msgspec.json.decode(listed[0])
        ended = settled(connection, token, attempts)
        worst = [row[len(OPEN) :] for row in attempts if row[0] not in ended]
        found += [decode_usage(amounts) for amounts in worst]
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
