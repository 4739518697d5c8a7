"""How long the other side asks us to wait."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite

_SPAN = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_WHOLE_SPAN = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_EPOCH = 1e9
"""A reset above this is a moment, not a span: in seconds, or above `_EPOCH_MS` in milliseconds."""
_EPOCH_MS = 1e12
_RESETS = (
    ("x-ratelimit-reset-requests", "x-ratelimit-remaining-requests"),
    ("x-ratelimit-reset-tokens", "x-ratelimit-remaining-tokens"),
    ("anthropic-ratelimit-requests-reset", "anthropic-ratelimit-requests-remaining"),
    ("anthropic-ratelimit-tokens-reset", "anthropic-ratelimit-tokens-remaining"),
    ("x-ratelimit-reset", "x-ratelimit-remaining"),
    ("ratelimit-reset", "ratelimit-remaining"),
)


def retry_after(headers: Mapping[str, str], *, now: float) -> float | None:
    """Seconds to wait by the response's headers, None where they say nothing.

    Read in this order: `retry-after-ms`, `Retry-After` (number of seconds or HTTP date, taken
    relative to the response's own `Date` where it has one), then the `…ratelimit…reset` families
    (numbers, epochs, spans such as `6m0s`, ISO dates). `now`: seconds since the epoch.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    moment = _date(headers.get("date"))
    asked = _wait(headers.get("retry-after"), now if moment is None else moment)
    return _reset(headers, now) if asked is None else asked


def _reset(headers: Mapping[str, str], now: float) -> float | None:
    """The longest reset among exhausted limits; the shortest of all if none says it is."""
    waits = [
        (_wait(headers.get(reset), now), (headers.get(remaining) or "").strip() == "0")
        for reset, remaining in _RESETS
    ]
    exhausted = [wait for wait, empty in waits if wait is not None and empty]
    known = [wait for wait, _ in waits if wait is not None]
    return max(exhausted, default=min(known, default=None))


def _wait(value: str | None, now: float) -> float | None:
    if value is None:
        return None
    text = value.strip()
    number = _number(text)
    if number is not None:
        return _since(number, now)
    if _WHOLE_SPAN.fullmatch(text):
        return sum(float(count) * _SECONDS[unit] for count, unit in _SPAN.findall(text))
    moment = _date(text)
    return None if moment is None else max(0.0, moment - now)


def _since(number: float, now: float) -> float:
    if number >= _EPOCH_MS:
        return max(0.0, number / 1000 - now)
    return max(0.0, number - now) if number >= _EPOCH else number


def _number(value: str | None) -> float | None:
    try:
        number = float(value or "")
    except ValueError:
        return None
    return max(0.0, number) if isfinite(number) else None


def _date(value: str | None) -> float | None:
    if not value:
        return None
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            moment = read(value.strip())
        except (ValueError, TypeError, IndexError):
            continue
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return aware.timestamp()
    return None
