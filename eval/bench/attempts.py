"""What a ledger's attempts say, by plain SQL: independent of the code that wrote them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from msgspec import Struct


class Billed(Struct, frozen=True, kw_only=True):
    """Sums over every settled attempt of a ledger file."""

    tokens: int
    calls: int
    twice: int
    """Calls with more than one settled attempt; what an endpoint supports may be asked at every
    start."""
    finished: int
    """Calls whose answer is committed."""


class Window(Struct, frozen=True):
    """What left within one window of the clock."""

    calls: int
    tokens: int


def departures(place: Path, *, seconds: float, worst: int) -> list[Window]:
    """Every attempt by when it was sent, of `worst` tokens each, from the first window on."""
    connection = sqlite3.connect(place)
    try:
        rows = connection.execute(
            "SELECT CAST(started_at / ? AS INTEGER), COUNT(*) FROM attempts GROUP BY 1 ORDER BY 1",
            (seconds,),
        ).fetchall()
    finally:
        connection.close()
    counts = dict(rows)
    spanned = range(min(counts), max(counts) + 1)
    return [Window(counts.get(at, 0), counts.get(at, 0) * worst) for at in spanned]


def billed(place: Path) -> Billed:
    """Read a SQLite ledger that nobody writes."""
    connection = sqlite3.connect(place)
    try:
        tokens, calls = connection.execute(
            "SELECT COALESCE(SUM(billed_prompt_tokens + billed_completion_tokens), 0), COUNT(*) "
            "FROM attempts WHERE state = 'settled'"
        ).fetchone()
        [twice] = connection.execute(
            "SELECT COUNT(*) FROM (SELECT key FROM attempts "
            "WHERE state = 'settled' AND role <> 'probe' GROUP BY job, key HAVING COUNT(*) > 1)"
        ).fetchone()
        [finished] = connection.execute("SELECT COUNT(*) FROM calls").fetchone()
    finally:
        connection.close()
    return Billed(tokens=tokens, calls=calls, twice=twice, finished=finished)
