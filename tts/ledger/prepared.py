"""A question that is asked often."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine, Select


class Prepared:
    """A query put into words once; its `bindparam`s are given when it is asked."""

    def __init__(self, query: Select[Any], engine: Engine) -> None:
        compiled = query.compile(dialect=engine.dialect)
        self._engine = engine
        self._sql = str(compiled)
        self._order: Sequence[str] | None = getattr(compiled, "positiontup", None)

    def ask(self, **values: str) -> Sequence[Any]:
        """The rows, by names of columns and as the driver returns them."""
        given: Any = tuple(values[name] for name in self._order) if self._order else values
        with self._engine.connect() as connection:
            return connection.exec_driver_sql(self._sql, given).mappings().all()
