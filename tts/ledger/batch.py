"""The rows of one transaction, sorted by how they are written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from hashlib import blake2b
from typing import Any

import msgspec
from msgspec.structs import astuple, replace

from tts.ledger.attempts import Attempts, Begun
from tts.ledger.codec import (
    CALL,
    INTENT,
    JOB,
    OUTCOME,
    RUN,
    SETTLED,
    UNSPENT,
    USAGE,
    USE,
    Values,
    digest,
    reading,
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
from tts.values import Usage
from tts.values.redacted import redact

MOST_KNOWN = 1 << 10
"""Kinds of calls that a process remembers to have written; one written again is the same row."""

_json = msgspec.json.Encoder().encode


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
        self._made_of: list[tuple[Begun, SettledRow]] = []
        """The attempts of the rows of `done`."""
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
            *(*astuple(call.usage), *bill(settled.billed), *astuple(use.attributed)),
        )
        self._put("done", values)
        self._made_of.append((begun, settled))
        return True

    def attempt(self, at: int) -> Values:
        """The attempt of a row of `done`, by its place, as a row of its own."""
        return encode_attempt(self._attempts.process, *self._made_of[at])

    def forget(self, operation: int) -> None:
        """What calls of this kind have in common is not written after all."""
        known = self._attempts.operations
        for place in [place for place, number in known.items() if number == operation]:
            del known[place]

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


FOLLOWS = slice(USAGE.index("fresh_tokens"), USAGE.index("fresh_nanodollars") + 1)
"""Amounts that a bill does not have of its own."""


def bill(billed: Usage) -> Values:
    """What a request was billed. What is fresh of it follows: whatever the server had not cached."""
    amounts = astuple(billed)
    return (*amounts[: FOLLOWS.start], *UNSPENT[FOLLOWS], *amounts[FOLLOWS.stop :])


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
