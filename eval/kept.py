"""Verdicts that are kept: what was found once costs no execution again."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Generic, TypeVar
from weakref import WeakValueDictionary

import msgspec

from tts.ledger.connect import parse

T = TypeVar("T")


class Kept(Generic[T]):
    """Values by a key that says all they rest on, one line each in a file.

    A line is written as soon as it is known and in one piece, so that a command that was killed goes
    on where it was and several processes may write at once. A line that cannot be read is none: what
    it said is found out again.
    """

    def __init__(self, path: Path | None, kind: Any) -> None:
        """`kind`: the type of the values; without a path they are kept in memory alone."""
        self._path = path
        body = path.read_bytes() if path is not None and path.exists() else b""
        self._known: dict[str, T] = dict(_read(body, kind))
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._behind = b"" if not body or body.endswith(b"\n") else b"\n"
        """What ends a last line that was cut."""

    def turn(self, key: str) -> asyncio.Lock:
        """Held by whoever finds a value out, so that who else needs it meanwhile waits and reads it."""
        return self._turns.setdefault(key, asyncio.Lock())

    def get(self, key: str) -> T | None:
        return self._known.get(key)

    def keep(self, key: str, value: T) -> None:
        """A file that takes no line is done without: keeping saves time, and is no part of a result."""
        self._known[key] = value
        if self._path is None:
            return
        line = self._behind + msgspec.json.encode({"key": key, "verdict": value}) + b"\n"
        self._behind = b""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
            try:
                os.write(file, line)
            finally:
                os.close(file)
        except OSError:
            self._path = None


def _read(body: bytes, kind: Any) -> Iterator[tuple[str, Any]]:
    for line in body.splitlines():
        try:
            row = msgspec.json.decode(line)
            yield row["key"], msgspec.convert(row["verdict"], kind)
        except (KeyError, TypeError, msgspec.MsgspecError, UnicodeDecodeError):
            continue


def beside(ledger: str | Path) -> Path | None:
    """Where the verdicts of a ledger's jobs are kept; None of one that is no file."""
    url = parse(ledger)
    if url.get_backend_name() != "sqlite" or url.database in (None, "", ":memory:"):
        return None
    path = Path(url.database or "")
    return path.with_name(f"{path.name}.verdicts.jsonl")
