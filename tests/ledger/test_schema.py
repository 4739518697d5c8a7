from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Inspector, inspect, text

from tts.errors import LedgerError
from tts.ledger.connect import connect
from tts.ledger.schema import SCRIPTS, VERSION, current, migrate, schema_version
from tts.ledger.tables import METADATA

OPENING = """
import sys
from tts.ledger.connect import connect
from tts.ledger.schema import migrate
migrate(connect(sys.argv[1]))
sys.exit("alembic" in sys.modules)
"""


def shape(inspector: Inspector, table: str) -> dict[str, tuple[str, bool]]:
    return {
        column["name"]: (str(column["type"]).upper(), column["nullable"])
        for column in inspector.get_columns(table)
    }


@pytest.mark.parametrize("table", sorted(METADATA.tables))
def test_the_migrated_table_is_the_one_of_the_metadata(place: str, table: str) -> None:
    engine = connect(place)
    migrate(engine)
    inspector, known = inspect(engine), METADATA.tables[table]
    assert shape(inspector, table) == {
        column.name: (column.type.compile(engine.dialect).upper(), column.nullable)
        for column in known.columns
    }
    key = inspector.get_pk_constraint(table)["constrained_columns"]
    assert key == [column.name for column in known.primary_key]
    indexes = {str(index["name"]) for index in inspector.get_indexes(table)}
    assert indexes == {str(index.name) for index in known.indexes}
    engine.dispose()


def test_the_newest_migration_is_the_version_of_the_tables() -> None:
    assert ScriptDirectory(SCRIPTS).get_current_head() == VERSION


def test_opening_a_current_database_does_not_import_alembic(sqlite_place: str) -> None:
    engine = connect(sqlite_place)
    migrate(engine)
    engine.dispose()
    subprocess.run([sys.executable, "-c", OPENING, sqlite_place], check=True)


def test_a_newer_schema_is_refused(place: str) -> None:
    engine = connect(place)
    migrate(engine)
    with engine.connect() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(LedgerError, match="newer"):
        migrate(engine)
    engine.dispose()


@pytest.mark.parametrize(
    ("version", "told"), [("9999", "Upgrade tts-engine"), ("0002", "whatever writes to it")]
)
def test_a_reader_says_what_to_do_with_another_schema(place: str, version: str, told: str) -> None:
    engine = connect(place)
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE alembic_version SET version_num = '{version}'"))
    with pytest.raises(LedgerError, match=told):
        current(engine)


def test_a_migration_that_fails_changes_nothing(place: str) -> None:
    engine = connect(place)
    with engine.connect() as connection:
        connection.execute(text("CREATE TABLE attempts (job TEXT)"))
    with pytest.raises(Exception, match="already exists"):
        migrate(engine)
    assert inspect(engine).get_table_names() == ["attempts"]
    engine.dispose()


def test_the_migrations_are_part_of_the_package() -> None:
    assert (Path(SCRIPTS) / "versions" / "0001_first.py").is_file()


def test_ledgers_opened_at_once_by_threads_of_one_process_are_all_migrated(tmp_path: Path) -> None:
    engines = [connect(tmp_path / f"{i}.db") for i in range(8)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(migrate, engines))
    for engine in engines:
        with engine.connect() as connection:
            assert schema_version(connection) == VERSION
