"""The one place where a transport's exceptions become the project's errors."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError

from tts.backends.secret import Secret
from tts.errors import (
    BadReply,
    BadRequest,
    CallError,
    CallTimeout,
    NotSent,
    TTSError,
    Unavailable,
)

TRANSPORT_ERRORS: tuple[tuple[type[BaseException], type[CallError]], ...] = (
    (aiohttp.ConnectionTimeoutError, NotSent),
    (aiohttp.ClientConnectorError, NotSent),
    (aiohttp.ServerFingerprintMismatch, NotSent),
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


Translate = Callable[[BaseException], CallError | None]


def call_error(error: BaseException) -> CallError | None:
    """The project's error for a transport's; None where it is neither."""
    for known, kind in TRANSPORT_ERRORS:
        if isinstance(error, known):
            return kind(f"{type(error).__name__}: {error}".removesuffix(": "))
    return None


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
        if self._secret:
            scrub = self._secret.scrub
            translated.args = tuple(
                scrub(part) if isinstance(part, str) else part for part in translated.args
            )
        if translated is not error:
            raise translated from None
