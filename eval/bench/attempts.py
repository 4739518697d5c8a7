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
    """Calls with more than one settled attempt."""
    finished: int
    """Calls whose answer is committed."""


def billed(place: Path) -> Billed:
    """Read a SQLite ledger that nobody writes."""
    connection = sqlite3.connect(place)
    try:
        tokens, calls = connection.execute(
            "SELECT COALESCE(SUM(billed_prompt_tokens + billed_completion_tokens), 0), COUNT(*) "
            "FROM attempts WHERE state = 'settled'"
        ).fetchone()
        [twice] = connection.execute(
            "SELECT COUNT(*) FROM (SELECT key FROM attempts WHERE state = 'settled' "
            "GROUP BY job, key HAVING COUNT(*) > 1)"
        ).fetchone()
        [finished] = connection.execute("SELECT COUNT(*) FROM calls").fetchone()
    finally:
        connection.close()
    return Billed(tokens=tokens, calls=calls, twice=twice, finished=finished)
