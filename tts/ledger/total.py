"""Sums as reports show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from tts.ledger.spent import whole
from tts.ledger.tables import USAGE
from tts.values import Usage


class Bill(Struct, frozen=True, kw_only=True):
    """What a group of attempts was billed, between two bounds."""

    name: str
    attempts: int
    unknown: int
    """Attempts that were perhaps sent and whose cost nobody knows."""
    lower: Usage
    """Without them."""
    upper: Usage
    """With each of them at its worst case."""
    known: Usage
    """`lower` without what has no known amount: no sum, but what is certain."""


class Share(Struct, frozen=True, kw_only=True):
    """What a group of uses would have cost alone."""

    name: str
    uses: int
    usage: Usage
    known: Usage
    """The part of `usage` whose amounts are known."""


class JobSummary(Struct, frozen=True, kw_only=True):
    """One job of a ledger."""

    job: str
    kind: str
    created_at: float
    """Seconds since the epoch."""
    runs: int
    ended: int


def usages(parts: Sequence[Any]) -> tuple[Usage, Usage]:
    """From the aggregates of `parted`, dimension by dimension: unknown wins; only the known."""
    sums = {name: whole(*parts[3 * at : 3 * at + 3]) for at, name in enumerate(USAGE)}
    known = {name: total for name, (total, _) in sums.items()}
    strict = {name: None if missing else total for name, (total, missing) in sums.items()}
    return Usage(**strict), Usage(**known)  # type: ignore[arg-type]
