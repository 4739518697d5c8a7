"""The rows of one transaction, sorted by how they are written."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from itertools import count
from typing import Any

import msgspec
from msgspec.structs import astuple

from tts.errors import LedgerError
from tts.ledger.codec import (
    ENCODERS,
    Target,
    Values,
    encode_attempt,
    encode_open,
    encode_operation,
    encode_run,
    hashed,
    operation_of,
    process_number,
)
from tts.ledger.statements import Statement
from tts.ledger.tables import USAGE
from tts.protocols import CallRow, IntentRow, Row, RunRow, SettledRow, UseRow
from tts.values import NOTHING, Usage

MOST_KNOWN = 1 << 12
"""Kinds of calls that a process remembers to have written; one written again is the same row."""
MOST_GIVEN_UP = 1 << 10
"""Attempts given up of which a process still takes a second word."""

_json = msgspec.json.Encoder().encode


class Begun:
    """An attempt on its way, or one that was given up and may still come to be known."""

    __slots__ = ("again", "billed", "intent", "listed", "serial")

    def __init__(self, serial: int, intent: IntentRow) -> None:
        self.serial, self.intent = serial, intent
        self.listed: int | None = None
        """The row of `opens` that lists it."""
        self.billed: Usage | None = None
        """What it counts as, once something is known."""
        self.again = False
        """It was given up before, and has a row of its own since."""


class Attempts:
    """The attempts of one process across its transactions, and what they were billed."""

    def __init__(self, process: str) -> None:
        self.process = process
        self.number = process_number(process)
        self.spent = NOTHING
        self.operations: dict[tuple[str, ...], int] = {}
        """Numbers of the kinds of calls whose rows are written."""
        self._serials = count()
        self._begun: dict[tuple[str, str], Begun] = {}
        self._given_up: deque[tuple[str, str]] = deque()
        self._unsettled: dict[int, int] = {}
        """How many attempts of a row of `opens` are on their way."""

    def begin(self, intent: IntentRow) -> Begun | None:
        """An attempt that begins; None: it has begun."""
        place = (intent.job, intent.attempt)
        if place in self._begun:
            return None
        begun = self._begun[place] = Begun(next(self._serials), intent)
        return begun

    def end(self, row: SettledRow) -> Begun:
        """The attempt that ends; what is `sent_unknown` may still come to be known.

        The newest `MOST_GIVEN_UP` of those are remembered: a later word on an older one is a
        `LedgerError`, as one on an attempt that is settled is.
        """
        place = (row.job, row.attempt)
        begun = self._begun.get(place)
        if begun is None:
            raise LedgerError(f"Attempt {row.attempt} was settled twice, or before it began.")
        if row.state != "sent_unknown":
            del self._begun[place]
        elif begun.billed is None:
            self._give_up(place)
        begun.again = begun.billed is not None
        self.spent = self._again(begun, row) if begun.again else self.spent + row.billed
        begun.billed = row.billed
        return begun

    def _give_up(self, place: tuple[str, str]) -> None:
        self._given_up.append(place)
        if len(self._given_up) > MOST_GIVEN_UP:
            self._begun.pop(self._given_up.popleft(), None)

    def list(self, begun: list[Begun]) -> int:
        """Note that one row lists these attempts; returns its number."""
        number = begun[0].serial
        self._unsettled[number] = len(begun)
        for one in begun:
            one.listed = number
        return number

    def strike(self, begun: Begun) -> int | None:
        """An attempt that is listed ended; the row's number once none of it is left."""
        number, begun.listed = begun.listed, None
        if number is None:
            return None
        self._unsettled[number] -= 1
        if self._unsettled[number]:
            return None
        del self._unsettled[number]
        return number

    def _again(self, begun: Begun, row: SettledRow) -> Usage:
        """The sum with the second word on an attempt in the place of the first."""
        assert begun.billed is not None
        known = zip(astuple(self.spent), astuple(begun.billed), astuple(row.billed), strict=True)
        sums = [None if None in parts else parts[0] - parts[1] + parts[2] for parts in known]
        return Usage(**dict(zip(USAGE, sums, strict=True)))  # type: ignore[arg-type]


class Batch:
    """Values by table. An answered attempt, its call and the use that made it are one row."""

    def __init__(self, rows: Iterable[Row], *, attempts: Attempts) -> None:
        self.values: dict[Target, list[Values]] = {}
        self._attempts = attempts
        self._begun: dict[int, Begun] = {}
        self._apart: dict[int, Values] = {}
        self._runs: dict[str, Values] = {}
        self._settled: tuple[Begun, SettledRow] | None = None
        self._call: CallRow | None = None
        spent = attempts.spent
        for row in rows:
            self._add(row)
        self._part()
        self._close(changed=attempts.spent is not spent)

    def _add(self, row: Row) -> None:
        kind = type(row)
        if kind is RunRow:
            self._write_run(row)  # type: ignore[arg-type]
            return
        if kind is UseRow and self._settled is not None and self._made(row):  # type: ignore[arg-type]
            return
        if kind is CallRow and self._settled is not None and self._call is None:
            self._call = row  # type: ignore[assignment]
        elif kind is SettledRow:
            self._part()
            self._settle(row)  # type: ignore[arg-type]
        elif kind is IntentRow:
            self._begin(row)  # type: ignore[arg-type]
        else:
            target, encode = ENCODERS[kind]
            self._put(target, encode(row))

    def _write_run(self, row: RunRow) -> None:
        """A run that ended stays ended; its last row holds what the earlier ones did."""
        if row.stopped_by is not None or row.run_id not in self._runs:
            self._runs[row.run_id] = encode_run(row)

    def _put(self, target: Target, values: Values) -> None:
        self.values.setdefault(target, []).append(values)

    def _begin(self, intent: IntentRow) -> None:
        begun = self._attempts.begin(intent)
        if begun is not None:
            self._begun[begun.serial] = begun

    def _settle(self, row: SettledRow) -> None:
        begun = self._attempts.end(row)
        if self._begun.pop(begun.serial, None) is None:
            number = self._attempts.strike(begun)
            if number is not None:
                self._put("ended", (self._attempts.number, number))
        self._settled = (begun, row)

    def _made(self, use: UseRow) -> bool:
        """Write the one row, where attempt, call and use belong together."""
        assert self._settled is not None
        (begun, settled), call = self._settled, self._call
        intent = begun.intent
        if (
            call is None
            or settled.state != "settled"
            or settled.error
            or begun.again
            or not (hashed(call.key) and hashed(call.input_hash))
            or use.origin != "made"
            or not call.key == use.key == intent.key
            or not call.role == use.role == intent.role
            or (use.run_id, call.model) != (intent.run_id, intent.model)
        ):
            return False
        self._settled = self._call = None
        self._put("done", self._done(begun, settled, call, use))
        return True

    def _done(self, begun: Begun, settled: SettledRow, call: CallRow, use: UseRow) -> Values:
        intent = begun.intent
        return (
            *(use.run_id, use.node, bytes.fromhex(call.key)),
            *(self._operation(call, use, settled.price_version), bytes.fromhex(call.input_hash)),
            *(call.parent_key, use.inputs, call.index, call.content, call.degraded),
            *(intent.started_at, intent.queued_s, settled.latency_s),
            *(self._attempts.number, begun.serial, intent.number),
            *astuple(call.usage),
            *astuple(settled.billed),
            *astuple(use.attributed),
        )

    def _operation(self, call: CallRow, use: UseRow, price_version: str) -> int:
        kind, known = operation_of(call, use, price_version), self._attempts.operations
        number = known.get(kind)
        if number is None:
            number, values = encode_operation(kind)
            if len(known) >= MOST_KNOWN:
                known.clear()
            known[kind] = number
            self._put("operations", values)
        return number

    def _part(self) -> None:
        """Write what turned out not to belong together in rows of their own."""
        if self._settled is not None:
            begun, row = self._settled
            values = encode_attempt(self._attempts.process, begun.serial, begun.intent, row)
            self._apart[begun.serial] = values
        if self._call is not None:
            target, encode = ENCODERS[CallRow]
            self._put(target, encode(self._call))
        self._settled = self._call = None

    def _close(self, *, changed: bool) -> None:
        """List what is still on its way, and say what the process has spent so far."""
        attempts = self._attempts
        if self._runs:
            self.values["runs"] = list(self._runs.values())
        if self._apart:
            self.values["attempt_rows"] = list(self._apart.values())
        if self._begun:
            begun = list(self._begun.values())
            rows = _json([encode_open(one.serial, one.intent) for one in begun]).decode()
            self._put("opens", (attempts.number, attempts.list(begun), rows))
        if changed:
            amounts = {**msgspec.structs.asdict(attempts.spent), "tokens": attempts.spent.tokens}
            self._put("spent", (attempts.process, _json(amounts).decode()))

    def run(self, cursor: Any, statements: Mapping[Target, Statement]) -> None:
        """Execute everything, within a transaction that the caller holds."""
        for target, rows in self.values.items():
            statements[target].run(cursor, rows)
