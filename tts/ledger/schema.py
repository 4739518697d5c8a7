"""Bringing a database to the current schema."""

from __future__ import annotations

from pathlib import Path
from threading import Lock

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from tts.errors import LedgerError
from tts.ledger.connect import UNWRITTEN, unreadable
from tts.ledger.session import asked, transaction

SCRIPTS = Path(__file__).parent / "migrations"
_ALEMBIC = Lock()
"""Alembic's `context` and `op` are the process's: two threads that migrate two files would mix them."""

VERSION = max(path.name for path in (SCRIPTS / "versions").glob("[0-9]*.py"))[:4]
"""The newest migration; a database at this version is opened without Alembic."""


def schema_version(connection: Connection) -> str | None:
    """The migration at which the database stands; None where it is empty."""
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    row = connection.exec_driver_sql("SELECT version_num FROM alembic_version").fetchone()
    return None if row is None else str(row[0])


def migrate(engine: Engine) -> None:
    """Run what migrations are missing, in one transaction.

    Raises `LedgerError` for a database of a newer version of this package.
    """
    asked(engine, _migrate)


def _migrate(connection: Connection) -> None:
    if schema_version(connection) == VERSION:
        return
    with transaction(connection, lock="schema"):
        if schema_version(connection) != VERSION:
            upgrade(connection)


def upgrade(connection: Connection) -> None:
    # Only a new or an outdated database pays for importing Alembic.
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)
    refuse_newer(schema_version(connection), {s.revision for s in scripts.walk_revisions()})
    with (
        _ALEMBIC,
        EnvironmentContext(
            config, scripts, fn=lambda revision, _context: scripts._upgrade_revs("head", revision)
        ) as environment,
    ):
        environment.configure(connection=connection)
        environment.run_migrations()


def refuse_newer(version: str | None, known: set[str]) -> None:
    if version is not None and version not in known:
        raise LedgerError(
            f"This ledger has schema {version}, which is newer than this version of tts-engine "
            f"knows ({VERSION}). Upgrade tts-engine, or use another ledger."
        )


def current(engine: Engine) -> Engine:
    """The engine itself; raises `LedgerError`, and closes it, where its schema is another."""
    try:
        version = asked(engine, schema_version)
    except DBAPIError as error:
        engine.dispose()
        raise unreadable(error, place_of(engine)) from error
    if version == VERSION:
        return engine
    engine.dispose()
    if version is None:
        raise LedgerError(UNWRITTEN.format(place=place_of(engine)))
    refuse_newer(version if version > VERSION else None, set())
    raise LedgerError(
        f"The ledger {place_of(engine)} has schema {version} and {VERSION} is needed; "
        "whatever writes to it brings it up to date: the command of its job, or any `tts run` with it"
        " as --ledger."
    )


def place_of(engine: Engine) -> str:
    """Where a ledger is, without a password."""
    url = engine.url
    return str(url.database if url.get_backend_name() == "sqlite" else url.set(password=None))
