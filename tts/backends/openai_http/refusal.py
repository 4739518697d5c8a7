"""What a status other than 200 means."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Any

import msgspec

from tts.backends.openai_http.retry_after import retry_after
from tts.errors import (
    BadRequest,
    CallError,
    ContextTooLong,
    RateLimited,
    Unauthorized,
    Unavailable,
)

_SHOWN = 400
"""Characters of the server's own words that an error repeats."""
_TOO_LONG = re.compile(
    r"context_length_exceeded|context[_ ](?:length|window|size)|maximum model length|max_model_len"
    r"|prompt is too long|input is too long|too many tokens",
    re.IGNORECASE,
)
_NO_CREDIT = re.compile(r"insufficient_quota|exceeded your current quota|billing_", re.IGNORECASE)
_MODERATED = re.compile(r"moderation|flagged|content[_ ]policy|content_filter", re.IGNORECASE)
_TRANSIENT = frozenset({408, 409, 423, 425})
_DELAY = re.compile(r'"retryDelay":\s*"(\d+(?:\.\d+)?)s"')


def refusal(
    status: int, headers: Mapping[str, str], body: bytes, *, now: float | None = None
) -> CallError:
    """The error that a response stands for, with the wait that it asks for.

    `x-should-retry: false` makes it final and `true` makes it retryable, whatever the status.
    """
    said = _said(body)
    wait = retry_after(headers, now=time.time() if now is None else now)
    if wait is None and (delay := _DELAY.search(said)):
        wait = float(delay[1])
    message = f"HTTP {status}: {said[:_SHOWN]}".rstrip(": ")
    if 300 <= status < 400:
        message = f"HTTP {status}: the server redirects; redirects are not followed."
    error = _kind(status, said)(message, retry_after=wait)
    wish = headers.get("x-should-retry", "").strip().lower()
    if wish in ("true", "false"):
        error.retryable = wish == "true"
    return error


def _kind(status: int, said: str) -> type[CallError]:
    if status == 402 or (status == 429 and _NO_CREDIT.search(said)):
        return Unauthorized
    if status == 429:
        return RateLimited
    if status == 401 or (status == 403 and not _MODERATED.search(said)):
        return Unauthorized
    if status >= 500 or status in _TRANSIENT:
        return Unavailable
    if status in (400, 413, 422) and _TOO_LONG.search(said):
        return ContextTooLong
    return BadRequest


def _said(body: bytes) -> str:
    """The server's message with its code and details, or its raw words."""
    raw = body.decode("utf-8", "replace")
    try:
        reply: Any = msgspec.json.decode(body)
    except ValueError:
        return raw
    detail = reply.get("error", reply) if isinstance(reply, dict) else reply
    if not isinstance(detail, dict) or "message" not in detail:
        return detail if isinstance(detail, str) else raw
    rest = {key: value for key, value in detail.items() if key != "message" and value is not None}
    extra = f" {msgspec.json.encode(rest).decode()}" if rest else ""
    return f"{detail['message']}{extra}"
