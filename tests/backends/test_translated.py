from __future__ import annotations

import inspect
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from aiohttp import client_exceptions, http_exceptions

from tts.backends.openai_http import TRANSPORT_ERRORS, Translated, call_error
from tts.backends.secret import Secret
from tts.errors import BadRequest, CallTimeout, NotSent, RateLimited, Unavailable

KEY: Any = SimpleNamespace(host="h", port=1, ssl=True, is_ssl=False)
KNOWN = [
    error
    for module in (client_exceptions, http_exceptions)
    for error in vars(module).values()
    if inspect.isclass(error)
    and issubclass(error, BaseException)
    and error.__module__.startswith("aiohttp")
]


@pytest.mark.parametrize("error", KNOWN, ids=lambda error: error.__name__)
def test_every_exception_of_the_client_is_mapped(error: type[BaseException]) -> None:
    assert any(issubclass(error, known) for known, _ in TRANSPORT_ERRORS)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (aiohttp.ConnectionTimeoutError("x"), NotSent),
        (aiohttp.ClientConnectorDNSError(KEY, OSError(1, "no name")), NotSent),
        (aiohttp.SocketTimeoutError("x"), CallTimeout),
        (aiohttp.ServerDisconnectedError(), Unavailable),
        (aiohttp.ClientPayloadError("cut"), Unavailable),
        (aiohttp.InvalidURL("x"), BadRequest),
        (ConnectionResetError("x"), Unavailable),
    ],
)
def test_what_was_sent_decides_the_kind(error: Exception, kind: type[Exception]) -> None:
    assert type(call_error(error)) is kind


def test_bugs_are_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError), Translated():
        _ = 1 / 0


@pytest.mark.parametrize("error", [OSError("key sk-canary"), RateLimited("key sk-canary")])
def test_no_error_text_holds_the_credential(error: Exception) -> None:
    with pytest.raises(Exception) as caught, Translated(Secret("sk-canary")):
        raise error
    assert "canary" not in str(caught.value) + repr(caught.value)


def test_the_wait_survives_the_scrubbing() -> None:
    with pytest.raises(RateLimited) as caught, Translated(Secret("k")):
        raise RateLimited("x", retry_after=2.0)
    assert caught.value.retry_after == 2.0
