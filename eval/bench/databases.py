"""A PostgreSQL server to measure on, where there is one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from sqlalchemy import create_engine
from sqlalchemy.exc import SQLAlchemyError

POSTGRES = "TTS_TEST_POSTGRES"
"""Names the URL of the server."""


@contextmanager
def postgres() -> Iterator[str | None]:
    """The URL of an empty schema, which is gone afterwards; None: no server can be reached."""
    url = os.environ.get(POSTGRES)
    if not url:
        yield None
        return
    try:
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        connection = engine.connect()
    except (SQLAlchemyError, ImportError):
        yield None
        return
    name = f"tts_{uuid4().hex}"
    with connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {name}")
        try:
            yield f"{url}?options=-csearch_path%3D{name}"
        finally:
            connection.exec_driver_sql(f"DROP SCHEMA {name} CASCADE")
    engine.dispose()
