"""Between the rows of the journal and the values of columns, derived from the row types.

A field of a row is one column of its name, a usage one column per dimension. Nothing here spells a
field: one that is added to a row type is a column of its tables (`tts.ledger.tables`), is written
and is read again; only a migration has to make it in databases that are there already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import attrgetter
from typing import Any, Generic, TypeVar

from msgspec import Struct, inspect
from msgspec.structs import astuple, replace
from sqlalchemy import BigInteger, Column, Double, Integer, LargeBinary, Text

from tts.protocols import CallRow, IntentRow, JobRow, OutcomeRow, RunRow, SettledRow, UseRow
from tts.values import Usage

R = TypeVar("R", bound=Struct)
Values = tuple[Any, ...]

USAGE: tuple[str, ...] = Usage.__struct_fields__
"""The additive dimensions, in the order of their columns."""

KINDS: Mapping[type[inspect.Type], Any] = {
    inspect.StrType: Text,
    inspect.LiteralType: Text,
    inspect.IntType: Integer,
    inspect.FloatType: Double,
    inspect.BytesType: LargeBinary,
}
RENAMED: Mapping[str, str] = {"index": "draw"}
"""Fields whose columns have another name, since SQL keeps theirs for itself."""

UNSPENT = (None,) * len(USAGE)
"""A usage that nobody knows yet."""


def reading(*fields: str) -> Callable[[Any], Values]:
    """What reads these fields of a row."""
    read = attrgetter(*fields)
    return read if len(fields) > 1 else lambda row: (read(row),)


def alternatives(kind: inspect.Type) -> tuple[inspect.Type, ...]:
    return kind.types if isinstance(kind, inspect.UnionType) else (kind,)


def optional(kind: inspect.Type) -> bool:
    return any(isinstance(one, inspect.NoneType) for one in alternatives(kind))


def amounts(prefix: str = "", *, optional: bool = False) -> list[Column[Any]]:
    """A column per dimension; NULL is unknown, or nothing written yet where `optional`."""
    fields = inspect.type_info(Usage).fields  # type: ignore[attr-defined]
    unknowable = {field.name for field in fields if len(alternatives(field.type)) > 1}
    return [
        Column(prefix + name, BigInteger, nullable=optional or name in unknowable) for name in USAGE
    ]


class Shape(Generic[R]):
    """How rows of one type lie in columns: its plain fields, then its usages.

    Args:
        kind: the row type.
        without: fields that are no columns here.
        prefixes: of the columns of each usage.
    """

    def __init__(self, kind: type[R], *without: str, **prefixes: str) -> None:
        fields = inspect.type_info(kind).fields  # type: ignore[attr-defined]
        self._kind, self._prefixes = kind, prefixes
        self._plain = {f.name: f.type for f in fields if f.name not in {*without, *prefixes}}
        self.fields = tuple(self._plain)
        """The plain ones."""
        self._maybe = {f.name: optional(f.type) for f in fields if f.name in prefixes}
        self._read = reading(*self.fields)
        self._usages = [attrgetter(name) for name in prefixes]
        self._bytes = [f for f, kind in self._plain.items() if column_type(kind) is LargeBinary]

    def plain(self, *fields: str, optional: bool = False) -> list[Column[Any]]:
        """The columns of plain fields; NULL may stand in all of them where `optional`."""
        return [column_of(name, self._plain[name], nullable=optional) for name in fields]

    def columns(self, *, optional: bool = False) -> list[Column[Any]]:
        """All columns, in the order of the encoded values."""
        usages = (
            amounts(prefix, optional=optional or self._maybe[name])
            for name, prefix in self._prefixes.items()
        )
        plain = self.plain(*self.fields, optional=optional)
        return [*plain, *(column for some in usages for column in some)]

    def encode(self, row: R) -> Values:
        values = self._read(row)
        for usage in self._usages:
            spent = usage(row)
            values += UNSPENT if spent is None else astuple(spent)
        return values

    def decode(self, values: Sequence[Any]) -> R:
        """The row of the values of `columns`, in their order."""
        fields: dict[str, Any] = dict(zip(self.fields, values, strict=False))
        for name in self._bytes:  # a driver may give a view
            fields[name] = None if fields[name] is None else bytes(fields[name])
        at = len(self.fields)
        for name in self._prefixes:
            amounts = values[at : at + len(USAGE)]
            untold = self._maybe[name] and amounts[0] is None
            fields[name] = None if untold else decode_usage(amounts)
            at += len(USAGE)
        return self._kind(**fields)


def column_type(kind: inspect.Type) -> Any:
    return KINDS[type(alternatives(kind)[0])]


def column_of(name: str, kind: inspect.Type, *, nullable: bool = False) -> Column[Any]:
    return Column(RENAMED.get(name, name), column_type(kind), nullable=nullable or optional(kind))


def decode_usage(amounts: Sequence[Any]) -> Usage:
    """The usage of the amounts of `USAGE`, or of its first ones: those that it had once."""
    return Usage(**dict(zip(USAGE, amounts, strict=False)))


def of_bill(usage: Usage) -> Usage:
    """A bill with what is fresh of it: whatever the server had not cached."""
    return replace(
        usage,
        fresh_tokens=usage.tokens - usage.cached_prompt_tokens,
        fresh_flops=usage.flops,
        fresh_nanodollars=usage.nanodollars,
    )


JOB = Shape(JobRow)
RUN = Shape(RunRow, attributed="attributed_", billed="billed_")
CALL = Shape(CallRow, usage="")
USE = Shape(UseRow, attributed="")
OUTCOME = Shape(OutcomeRow, attributed="")
INTENT = Shape(IntentRow, worst="worst_")
SETTLED = Shape(SettledRow, "job", "attempt", "state", billed="billed_")
"""Behind the intent of the same attempt, and its state."""


HASH = 32
"""Letters of a hash in hexadecimal."""


def digest(text: str) -> bytes | None:
    """The bytes of a hash, as some columns hold it; None: the text is no hash."""
    if len(text) != HASH:
        return None
    try:
        found = bytes.fromhex(text)
    except ValueError:
        return None
    return found if found.hex() == text else None


def digests(texts: Iterable[str]) -> list[bytes]:
    """Of those texts that are hashes."""
    return [found for found in map(digest, texts) if found is not None]


def process_number(token: str) -> int:
    """A process's token as a column holds it."""
    return int.from_bytes(bytes.fromhex(token), "big", signed=True)


def storable(text: str) -> str:
    """A text that every database takes: without NUL and without halves of surrogate pairs."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")
