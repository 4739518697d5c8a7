"""A ledger made large: what one problem of a job came to, written for many others.

Making five million calls takes an hour even where they cost nothing. Who looks at such a ledger sees
no difference but in texts: runs have the ids that the job gives them, and every call a key of its own.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Table

from tts.ledger.tables import DONE, OPERATIONS, OUTCOMES, RUNS, USE_ROWS

AT_ONCE = 500
"""Problems written in one transaction."""
CHANGES: Mapping[Table, Mapping[str, str]] = {
    RUNS: {"run_id": ":run", "problem_id": ":problem"},
    DONE: {
        "run_id": ":run",
        "key": "CAST(substr(key, 1, 8) || :mark AS BLOB)",
        "operation": "operation + :number",
    },
    USE_ROWS: {"run_id": ":run", "key": "substr(key, 1, 16) || :hex"},
    OUTCOMES: {"run_id": ":run"},
    OPERATIONS: {"id": "id + :number", "problem_id": ":problem"},
}
"""What is another's in the rows of another problem, as SQL over those of the first."""


def fill(ledger: Path, problems: Iterable[str]) -> None:
    """Write for each of these problems that the job has not begun what an ended one came to.

    `ledger`: a SQLite file of one job that nobody works at. Raises RuntimeError where no problem
    has ended.
    """
    with closing(sqlite3.connect(ledger, isolation_level=None)) as connection:
        for setting in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -500000"):
            connection.execute(f"PRAGMA {setting}")
        begun = {row[0] for row in connection.execute("SELECT DISTINCT problem_id FROM runs")}
        pattern = Pattern(connection)
        fresh = enumerate((name for name in problems if name not in begun), len(begun))
        while part := list(islice(fresh, AT_ONCE)):
            connection.execute("BEGIN")
            for number, problem in part:
                pattern.write(problem, number)
            connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = WAL")


def ended_problem(connection: sqlite3.Connection) -> str | None:
    """A problem of which every run has ended; None: there is none yet."""
    found = connection.execute(
        "SELECT problem_id FROM runs GROUP BY problem_id"
        " HAVING COUNT(*) = COUNT(stopped_by) ORDER BY COUNT(*) DESC LIMIT 1"
    ).fetchone()
    return None if found is None else str(found[0])


class Pattern:
    """The rows of a problem of which every run has ended."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        ended = ended_problem(connection)
        if ended is None:
            raise RuntimeError("No problem of the job has ended.")
        self._problem = ended
        query = "SELECT run_id, job, strategy, budget, replicate FROM runs WHERE problem_id = ?"
        self._runs = connection.execute(query, (ended,)).fetchall()

    def write(self, problem: str, number: int) -> None:
        """The same for another problem, the so many-th."""
        mark = blake2b(problem.encode(), digest_size=8).digest()
        values = {"problem": problem, "number": number, "mark": mark, "hex": mark.hex()}
        self._copy(OPERATIONS, "problem_id = :of", of=self._problem, **values)
        for run, job, *cell in self._runs:
            parts = msgspec.json.encode((job, problem, *cell))  # as `Job.run_id` has it
            values["run"] = blake2b(parts, digest_size=8).hexdigest()
            self._copy(DONE, "run_id = :of", of=run, **values)
            for table in (RUNS, USE_ROWS, OUTCOMES):
                self._copy(table, "job = :job AND run_id = :of", of=run, job=job, **values)

    def _copy(self, table: Table, condition: str, **values: Any) -> None:
        changes = CHANGES[table]
        names = [column.name for column in table.columns]
        columns = [f'"{name}"' for name in names]
        read = [changes.get(name, f'"{name}"') for name in names]
        self._connection.execute(
            f"INSERT INTO {table.name} ({', '.join(columns)})"
            f" SELECT {', '.join(read)} FROM {table.name} WHERE {condition}",
            values,
        )
