"""What was submitted as a job, and what its workers are told while they work: one row a job."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, Engine, Row, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from tts.errors import LedgerError, UnknownName
from tts.ledger.connect import connect, explained
from tts.ledger.holders import Holder, living
from tts.ledger.process import clock
from tts.ledger.schema import current, migrate
from tts.ledger.session import asked, transaction
from tts.ledger.tables import CONTROLS
from tts.values import Budget

T = TypeVar("T")
Wish = Literal["go", "pause", "cancel"]
LOCK = "controls"
"""Name of the lock under which rows are changed."""


class Orders(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the workers of a job are told; None: as the recipe says."""

    wish: Wish = "go"
    concurrency: int | None = None
    """Calls in flight of one worker."""
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    """Of one account, whoever uses it."""
    wallet: Budget | None = None
    """What the whole job may be billed."""


class Submission(Struct, frozen=True, kw_only=True):
    """A job as it was submitted, what was ordered since, and how it ended."""

    job: str
    recipe: str
    """The keys of its comparison, as JSON."""
    folder: str
    """Where its relative paths begin."""
    out: str = ""
    """Folder for its report; empty: `out/JOB` in its folder."""
    orders: Orders = Orders()
    version: int = 0
    """Goes up with every order."""
    planned: int | None = None
    """Runs of its grid, once its problems were read."""
    submitted_at: float = 0.0
    ended_at: float | None = None
    """Seconds since the epoch; None: something of it is left to do."""
    fault: str = ""
    """Why it waits for somebody to mend something; the next order takes it back."""
    estimate: str = ""
    """What a pilot foretold of it, as JSON; empty: there was none."""


class Controls:
    """The submissions of a ledger. Every method is one short transaction; raises `LedgerError`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, place: str | Path, *, create: bool = True) -> Self:
        """The ledger at a path or a URL, migrated where needed, and made unless it has to be there."""
        engine = connect(place, create=create)
        try:
            migrate(engine)
        except (SQLAlchemyError, LedgerError) as error:
            engine.dispose()
            raise explained(error, engine.url.render_as_string()) from error
        return cls(engine)

    @classmethod
    def of(cls, place: str | Path) -> Self:
        """The ledger at a path or a URL, which has to be there and is not migrated."""
        return cls(current(connect(place, create=False)))

    def close(self) -> None:
        self._engine.dispose()

    def all(self) -> list[Submission]:
        """Every submission, the oldest first."""
        query = select(CONTROLS).order_by(CONTROLS.c.submitted_at, CONTROLS.c.job)
        return [_read(row) for row in self._ask(lambda c: c.execute(query).all())]

    def find(self, job: str) -> Submission | None:
        query = select(CONTROLS).where(CONTROLS.c.job == job)
        row = self._ask(lambda connection: connection.execute(query).one_or_none())
        return None if row is None else _read(row)

    def named(self, job: str) -> Submission:
        """The submission of this name; raises `UnknownName`."""
        found = self.find(job)
        if found is None:
            raise UnknownName("job", job, (one.job for one in self.all()))
        return found

    def submit(self, wanted: Submission) -> Submission:
        """Keep a submission; one that is there under the name is replaced.

        Orders stay where the keys are the same as before: asking again only says go.
        """

        def write(connection: Connection) -> Submission:
            old = connection.execute(
                select(CONTROLS).where(CONTROLS.c.job == wanted.job)
            ).one_or_none()
            if old is None:
                return _insert(connection, wanted)
            return _update(connection, _again(_read(old), wanted))

        return self._change(write)

    def order(self, job: str, change: Callable[[Orders], Orders]) -> Submission:
        """Tell the workers of a job something; what it waited for counts as mended."""
        return self._edit(
            job,
            lambda found: msgspec.structs.replace(
                found, orders=change(found.orders), version=found.version + 1, fault=""
            ),
        )

    def plan(self, job: str, size: int) -> None:
        """How many runs its grid has: known once its problems are read. Another size opens it."""

        def planned(found: Submission) -> Submission:
            kept = found.ended_at if found.planned == size else None
            return msgspec.structs.replace(found, planned=size, ended_at=kept)

        self._edit(job, planned)

    def foretell(self, job: str, estimate: str) -> None:
        """What a pilot says of it."""
        self._edit(job, lambda found: msgspec.structs.replace(found, estimate=estimate))

    def end(self, job: str) -> None:
        """Nothing of it is left to do."""
        now = self._ask(clock)
        self._edit(job, lambda found: msgspec.structs.replace(found, ended_at=now, fault=""))

    def stop(self, job: str, fault: str) -> None:
        """It waits for somebody to mend something."""
        self._edit(job, lambda found: msgspec.structs.replace(found, fault=fault))

    def reopen(self, job: str) -> None:
        """Something of it is to be done again."""
        self._edit(job, lambda found: msgspec.structs.replace(found, ended_at=None, fault=""))

    def workers(self, job: str) -> list[Holder]:
        """The processes that work on a job now."""
        return self._ask(lambda connection: living(connection, job))

    def _edit(self, job: str, change: Callable[[Submission], Submission]) -> Submission:
        def edit(connection: Connection) -> Submission:
            row = connection.execute(select(CONTROLS).where(CONTROLS.c.job == job)).one()
            return _update(connection, change(_read(row)))

        self.named(job)
        return self._change(edit)

    def _change(self, work: Callable[[Connection], T]) -> T:
        def changed(connection: Connection) -> T:
            with transaction(connection, lock=LOCK):
                return work(connection)

        return self._ask(changed)

    def _ask(self, work: Callable[[Connection], T]) -> T:
        try:
            return asked(self._engine, work)
        except SQLAlchemyError as error:
            raise explained(error, self._engine.url.render_as_string()) from error


def _again(old: Submission, wanted: Submission) -> Submission:
    """A job that is submitted again."""
    kept = old.orders if old.recipe == wanted.recipe else Orders()
    return msgspec.structs.replace(
        wanted,
        orders=msgspec.structs.replace(kept, wish="go"),
        version=old.version + 1,
        planned=old.planned if old.recipe == wanted.recipe else None,
        submitted_at=old.submitted_at,
        estimate=old.estimate if old.recipe == wanted.recipe else "",
    )


def _insert(connection: Connection, wanted: Submission) -> Submission:
    made = msgspec.structs.replace(wanted, submitted_at=clock(connection))
    connection.execute(insert(CONTROLS).values(_written(made)))
    return made


def _update(connection: Connection, changed: Submission) -> Submission:
    connection.execute(
        update(CONTROLS).where(CONTROLS.c.job == changed.job).values(_written(changed))
    )
    return changed


def _written(submission: Submission) -> dict[str, Any]:
    orders = msgspec.json.encode(submission.orders, order="deterministic").decode()
    return {**msgspec.structs.asdict(submission), "orders": orders}


def _read(row: Row[Any]) -> Submission:
    values = {**row._mapping, "orders": msgspec.json.decode(row.orders, type=Orders)}
    return Submission(**values)
