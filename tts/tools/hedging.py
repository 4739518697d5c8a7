"""When a second attempt of a slow call is sent: seconds, or a quantile of earlier calls."""

from __future__ import annotations

import re

from tts.errors import UsageError
from tts.protocols import Effect

_QUANTILE = re.compile(r"p(\d{1,2}(?:\.\d+)?)")


def read_hedge(hedge: float | str | None, effect: Effect) -> tuple[float | None, float | None]:
    """(seconds, share of calls that are faster); raises `UsageError` for what cannot be meant."""
    if hedge is None:
        return None, None
    if effect in ("write", "irreversible"):
        raise UsageError(f"A call of effect {effect!r} is never made twice: leave `hedge` out.")
    if isinstance(hedge, str):
        match = _QUANTILE.fullmatch(hedge)
        if match is None:
            raise UsageError(f"hedge={hedge!r}: write seconds, or a quantile such as 'p95'.")
        return None, float(match[1]) / 100
    if not hedge >= 0:
        raise UsageError(f"hedge={hedge!r}: seconds cannot be negative.")
    return float(hedge), None
