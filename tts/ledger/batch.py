"""The rows of one transaction, sorted by how they are written."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from hashlib import blake2b
from itertools import count
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import astuple, replace

from tts.errors import LedgerError
from tts.ledger.codec import (
    CALL,
    INTENT,
    JOB,
    OUTCOME,
    RUN,
    SETTLED,
    USAGE,
    USE,
    Values,
    digest,
    process_number,
    reading,
    redact,
    storable,
)
from tts.ledger.statements import Statement, Target
from tts.ledger.tables import DONE_FIELDS, OPERATIONS
from tts.protocols import (
    CallRow,
    IntentRow,
    JobRow,
    OutcomeRow,
    Row,
    RunRow,
    SettledRow,
    TextRow,
    UseRow,
)
from tts.values import NOTHING, Usage

MOST_KNOWN = 1 << 12
"""Kinds of calls that a process remembers to have written; one written again is the same row."""
MOST_GIVEN_UP = 1 << 10
"""Attempts given up of which a process still takes a second word."""

_json = msgspec.json.Encoder().encode


class Begun(Struct, gc=False):
    """An attempt on its way, or one that was given up and may still come to be known."""

    serial: int
    intent: IntentRow
    listed: int | None = None
    """The row of `opens` that lists it."""
    billed: Usage | None = None
    """What it counts as, once something is known."""
    again: bool = False
    """It was given up before, and has a row of its own since."""


class Attempts:
    """The attempts of one process across its transactions, and what they were billed."""

    def __init__(self, process: str) -> None:
        self.process = process
        self.number = process_number(process)
        self.spent = NOTHING
        self.operations: dict[tuple[Values, str, str], int] = {}
        """Numbers of the kinds of calls whose rows are written."""
        self._serials = count()
        self._begun: dict[tuple[str, str], Begun] = {}
        self._given_up: deque[tuple[str, str]] = deque()
        self._ended: list[Values] = []
        """Bills that are not part of `spent` yet."""
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
        if begun.billed is not None:
            self._ended.append(negative(begun.billed))
        self._ended.append(astuple(row.billed))
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

    def add_up(self) -> bool:
        """Take what ended since into `spent`; False: nothing did."""
        bills, self._ended = self._ended, []
        columns = list(zip(astuple(self.spent), *bills, strict=True))
        sums: list[int | None]
        try:
            sums = [*map(sum, columns)]
        except TypeError:  # an amount that nobody knows
            sums = [None if None in column else sum(column) for column in columns]
        self.spent = Usage(**dict(zip(USAGE, sums, strict=True)))  # type: ignore[arg-type]
        return bool(bills)


def negative(usage: Usage) -> Values:
    """What takes a bill out of a sum again; an unknown one stays in it."""
    return tuple(None if amount is None else -amount for amount in astuple(usage))


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
        kinds: dict[type, Callable[[Any], None]] = {
            **dict.fromkeys(ALONE, self._alone),
            IntentRow: self._begin,
            SettledRow: self._settle,
            CallRow: self._answer,
            UseRow: self._use,
            RunRow: self._run,
        }
        for row in rows:
            kinds[type(row)](row)
        self._part()
        self._close()

    def run(self, cursor: Any, statements: Mapping[Target, Statement]) -> None:
        """Execute everything, within a transaction that the caller holds."""
        for target, rows in self.values.items():
            statements[target].run(cursor, rows)

    def _put(self, target: Target, values: Values) -> None:
        self.values.setdefault(target, []).append(values)

    def _alone(self, row: Row) -> None:
        target, encode = ALONE[type(row)]
        self._put(target, encode(row))

    def _run(self, row: RunRow) -> None:
        """A run that ended stays ended; its last row holds what the earlier ones did."""
        if row.stopped_by is not None or row.run_id not in self._runs:
            self._runs[row.run_id] = RUN.encode(row)

    def _begin(self, intent: IntentRow) -> None:
        begun = self._attempts.begin(intent)
        if begun is not None:
            self._begun[begun.serial] = begun

    def _settle(self, row: SettledRow) -> None:
        self._part()
        begun = self._attempts.end(row)
        if self._begun.pop(begun.serial, None) is None:
            number = self._attempts.strike(begun)
            if number is not None:
                self._put("ended", (self._attempts.number, number))
        self._settled = (begun, row)

    def _answer(self, row: CallRow) -> None:
        if self._settled is None or self._call is not None:
            self._put("call_rows", CALL.encode(row))
        else:
            self._call = row

    def _use(self, row: UseRow) -> None:
        if self._settled is None or self._call is None or not self._made(row):
            self._put("use_rows", USE.encode(row))

    def _made(self, use: UseRow) -> bool:
        """Write the one row, where attempt, call and use belong together."""
        assert self._settled is not None and self._call is not None
        (begun, settled), call = self._settled, self._call
        intent, key, asked = begun.intent, digest(call.key), digest(call.input_hash)
        if (
            key is None
            or asked is None
            or settled.state != "settled"
            or settled.error
            or begun.again
            or use.origin != "made"
            or not call.key == use.key == intent.key
            or not call.role == use.role == intent.role
            or use.run_id != intent.run_id
            or call.model != intent.model
        ):
            return False
        self._settled = self._call = None
        operation = self._operation(_kind(call), use.name, settled.price_version)
        values = (
            *(key, asked, operation, self._attempts.number, begun.serial),
            *(*_of_call(call), *_of_use(use), *_of_intent(intent), *_of_settled(settled)),
            *(*astuple(call.usage), *astuple(settled.billed), *astuple(use.attributed)),
        )
        self._put("done", values)
        return True

    def _operation(self, kind: Values, name: str, price_version: str) -> int:
        known, place = self._attempts.operations, (kind, name, price_version)
        number = known.get(place)
        if number is None:
            if len(known) >= MOST_KNOWN:
                known.clear()
            row = (*kind, name, price_version)
            number = known[place] = operation_number(row)
            self._put("operations", (number, *row))
        return number

    def _part(self) -> None:
        """Write what turned out not to belong together in rows of their own."""
        if self._settled is not None:
            begun, row = self._settled
            self._apart[begun.serial] = encode_attempt(self._attempts.process, begun, row)
        if self._call is not None:
            self._put("call_rows", CALL.encode(self._call))
        self._settled = self._call = None

    def _close(self) -> None:
        """List what is still on its way, and say what the process has spent so far."""
        attempts = self._attempts
        if self._runs:
            self.values["runs"] = list(self._runs.values())
        if self._apart:
            self.values["attempt_rows"] = list(self._apart.values())
        if self._begun:
            begun = list(self._begun.values())
            rows = _json([(one.serial, *INTENT.encode(one.intent)) for one in begun]).decode()
            self._put("opens", (attempts.number, attempts.list(begun), rows))
        if attempts.add_up():
            amounts = {**msgspec.structs.asdict(attempts.spent), "tokens": attempts.spent.tokens}
            self._put("spent", (attempts.process, _json(amounts).decode()))


OPEN = ("serial", *INTENT.fields)
"""An attempt in the JSON of `opens`; its worst case follows."""

_kind = reading(*OPERATIONS.c.keys()[1:-2])
_of_call = reading(*DONE_FIELDS["call"])
_of_use = reading(*DONE_FIELDS["use"])
_of_intent = reading(*DONE_FIELDS["intent"])
_of_settled = reading(*DONE_FIELDS["settled"])


def operation_number(kind: Values) -> int:
    """The number of what calls have in common is the hash of its content."""
    hashed = blake2b(msgspec.json.encode(kind), digest_size=8).digest()
    return int.from_bytes(hashed, "big", signed=True)


def encode_attempt(process: str, begun: Begun, row: SettledRow) -> Values:
    """An attempt with a row of its own."""
    if row.error:
        row = replace(row, error=storable(redact(row.error)))
    ended = (False, row.state, *SETTLED.encode(row))
    return (process, begun.serial, *INTENT.encode(begun.intent), *ended)


def encode_text(row: TextRow) -> Values:
    return (row.hash, row.text.encode("utf-8", "surrogatepass"))


def encode_outcome(row: OutcomeRow) -> Values:
    if row.kind == "failed":
        row = replace(row, content=redact(row.content.decode("utf-8", "replace")).encode())
    return OUTCOME.encode(row)


ALONE: Mapping[type, tuple[Target, Callable[[Any], Values]]] = {
    TextRow: ("texts", encode_text),
    OutcomeRow: ("outcomes", encode_outcome),
    JobRow: ("jobs", JOB.encode),
}
"""Rows that stand alone."""
