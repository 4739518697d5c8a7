"""What refusals, waits and a transport's exceptions mean in the project's errors."""

from __future__ import annotations

import os
import re
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite
from types import TracebackType
from typing import Any, TypeVar

import aiohttp
import msgspec
from aiohttp.http_exceptions import HttpProcessingError

from tts.backends.secret import Secret
from tts.errors import (
    BadReply,
    BadRequest,
    CallError,
    CallTimeout,
    ContextTooLong,
    NotSent,
    RateLimited,
    TTSError,
    Unauthorized,
    Unavailable,
    Untrusted,
)
from tts.values.redacted import redact

E = TypeVar("E", bound=TTSError)
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
TRANSPORT_ERRORS: tuple[tuple[type[BaseException], type[CallError]], ...] = (
    (aiohttp.ConnectionTimeoutError, NotSent),
    (aiohttp.ClientConnectorCertificateError, Untrusted),
    (aiohttp.ClientConnectorError, NotSent),
    (aiohttp.ServerFingerprintMismatch, Untrusted),
    (aiohttp.ClientHttpProxyError, NotSent),
    (aiohttp.InvalidURL, BadRequest),
    (aiohttp.NonHttpUrlClientError, BadRequest),
    (aiohttp.RedirectClientError, BadRequest),
    (TimeoutError, CallTimeout),
    (aiohttp.ClientConnectionError, Unavailable),
    (aiohttp.ClientPayloadError, Unavailable),
    (aiohttp.TooManyRedirects, BadRequest),
    (aiohttp.ContentTypeError, BadReply),
    (aiohttp.WSServerHandshakeError, BadReply),
    (aiohttp.WSMessageTypeError, BadReply),
    (aiohttp.ClientResponseError, Unavailable),
    (aiohttp.ClientError, Unavailable),
    (HttpProcessingError, Unavailable),
    (OSError, Unavailable),
)
"""What each exception of the transport means; the first that matches counts.

A connection that was never made sent nothing. One that ended early, or that carried something
that is not HTTP, may have carried a request that was worked on and billed.
"""

_NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"})
"""What OpenSSL calls an answer that is no TLS."""

Translate = Callable[[BaseException], CallError | None]

_WANTS_KEY = ("HTTP 401", "HTTP 403")
_KEYLESS = (
    " No key was sent: OPENAI_API_KEY goes to OpenAI alone; name the variable that holds another "
    "server's key with --api-key-env."
)


def refusal(
    status: int, headers: Mapping[str, str], body: bytes, *, now: float | None = None
) -> CallError:
    """The error that a response stands for, with the wait that it asks for.

    `x-should-retry: false` makes it final and `true` makes it retryable, whatever the status.
    """
    said = redact(_said(body))  # before it is cut: half a key is one still
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
    except (ValueError, RecursionError):
        return raw
    detail = reply.get("error", reply) if isinstance(reply, dict) else reply
    if not isinstance(detail, dict) or "message" not in detail:
        return detail if isinstance(detail, str) else raw
    rest = {key: value for key, value in detail.items() if key != "message" and value is not None}
    extra = f" {msgspec.json.encode(rest).decode()}" if rest else ""
    return f"{detail['message']}{extra}"


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
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return aware.timestamp()
    return None


def call_error(error: BaseException) -> CallError | None:
    """The project's error for a transport's; None where it is neither."""
    for known, kind in TRANSPORT_ERRORS:
        if isinstance(error, known):
            return kind(f"{type(error).__name__}: {error}".removesuffix(": "))
    return None


def unconnected(where: str, error: OSError) -> CallError:
    """Why there is no connection; a certificate does not get better by trying again."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return Untrusted(f"The certificate of {where} is not trusted: {error.verify_message}.")
    if isinstance(error, ssl.SSLError) and error.reason in _NO_TLS:
        return Untrusted(f"{where} speaks no TLS: write its address with http://.")
    words = error.strerror or str(error)
    if error.errno is not None and not isinstance(error, socket.gaierror | ssl.SSLError):
        words = os.strerror(error.errno)
    return NotSent(f"Cannot connect to {where}: {words}")


class Translated:
    """Inside it, transport exceptions leave as `CallError`s and no text names the credential."""

    __slots__ = ("_secret", "_translate")

    def __init__(self, secret: Secret | None = None, *, translate: Translate = call_error) -> None:
        self._secret = secret
        self._translate = translate

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            return
        translated = error if isinstance(error, TTSError) else self._translate(error)
        if translated is None:
            return
        self.scrubbed(translated)
        if translated is not error:
            raise translated from None

    def scrubbed(self, error: E) -> E:
        """The same error without any credential, or saying that there was none."""
        if not self._secret and str(error).startswith(_WANTS_KEY):
            error.args = (str(error).removesuffix(_KEYLESS) + _KEYLESS,)
        scrub = self._secret.scrub if self._secret else str
        error.args = tuple(
            redact(scrub(part)) if isinstance(part, str) else part for part in error.args
        )
        return error
