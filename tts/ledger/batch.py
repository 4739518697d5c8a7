"""The rows of one commit, sorted by how they are written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tts.errors import LedgerError
from tts.ledger.encode import PLAIN, Target, encode_settled, intent_values
from tts.ledger.serials import Serials
from tts.ledger.statements import Statement, Values
from tts.protocols import IntentRow, Row, SettledRow


class Batch:
    """Values per statement; an attempt that began and ended within the batch is one insert."""

    def __init__(self, rows: Iterable[Row], *, serials: Serials) -> None:
        self.values: dict[Target, list[Values]] = {}
        self._serials = serials
        self._intents: dict[int, Values] = {}
        for row in rows:
            self._add(row)
        if self._intents:
            self.values["intents"] = list(self._intents.values())

    def _add(self, row: Row) -> None:
        kind = PLAIN.get(type(row))
        if kind is not None:
            self.values.setdefault(kind[0], []).append(kind[1](row))
        elif isinstance(row, IntentRow):
            serial = self._serials.begin(row.job, row.attempt)
            self._intents[serial] = (self._serials.process, serial, *intent_values(row))
        elif isinstance(row, SettledRow):
            self._settle(row)

    def _settle(self, row: SettledRow) -> None:
        serial = self._serials.end(row.job, row.attempt, state=row.state)
        if serial is None:
            raise LedgerError(f"Attempt {row.attempt} was settled twice, or before it began.")
        ended = encode_settled(row)
        if intent := self._intents.pop(serial, None):
            self.values.setdefault("attempts", []).append(intent + ended)
        else:
            values = (*ended, self._serials.process, serial)
            self.values.setdefault("settled", []).append(values)

    def run(self, cursor: Any, statements: Mapping[Target, Statement]) -> None:
        """Execute everything, within a transaction that the caller holds."""
        for target, rows in self.values.items():
            statements[target].run(cursor, rows)
