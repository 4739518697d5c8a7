"""What succeeded among calls that may fail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from tts.errors import LedgerError, Stopped, UsageError
from tts.graph import Outcome

T = TypeVar("T")


def values_of(outcomes: Sequence[Outcome[T]]) -> list[T]:
    """The values, in order; a failed call is left out, what must end the run is raised."""
    for outcome in outcomes:
        if isinstance(outcome.error, Stopped | UsageError | LedgerError):
            raise outcome.error
    return [outcome.value for outcome in outcomes if outcome.value is not None]
