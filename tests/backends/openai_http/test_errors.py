from __future__ import annotations

import inspect
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from aiohttp import client_exceptions, http_exceptions
from hypothesis import given
from hypothesis import strategies as st

from tts.backends.openai_http import TRANSPORT_ERRORS, Translated, call_error, refusal, retry_after
from tts.backends.secret import Secret
from tts.errors import (
    BadRequest,
    CallError,
    CallTimeout,
    ContextTooLong,
    NotSent,
    RateLimited,
    Unauthorized,
    Unavailable,
)

NOW = 1_700_000_000.0
KEY: Any = SimpleNamespace(host="h", port=1, ssl=True, is_ssl=False)
KNOWN = [
    error
    for module in (client_exceptions, http_exceptions)
    for error in vars(module).values()
    if inspect.isclass(error)
    and issubclass(error, BaseException)
    and error.__module__.startswith("aiohttp")
]


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, b'{"error":{"message":"bad"}}', BadRequest),
        (400, b'{"error":{"message":"x","code":"context_length_exceeded"}}', ContextTooLong),
        (400, b'{"message":"This model\'s maximum context length is 4096 tokens"}', ContextTooLong),
        (401, b"", Unauthorized),
        (402, b"", Unauthorized),
        (403, b"", Unauthorized),
        (403, b'{"error":{"message":"flagged by moderation"}}', BadRequest),
        (404, b"not here", BadRequest),
        (408, b"", Unavailable),
        (422, b"[1]", BadRequest),
        (429, b"", RateLimited),
        (429, b'{"error":{"message":"no","code":"insufficient_quota"}}', Unauthorized),
        (500, b"<html>", Unavailable),
        (502, b"", Unavailable),
        (503, b"", Unavailable),
        (529, b"", Unavailable),
        (307, b"", BadRequest),
    ],
)
def test_each_status_has_its_error(status: int, body: bytes, kind: type[CallError]) -> None:
    assert type(refusal(status, {}, body)) is kind


def test_the_wait_and_the_servers_words_are_kept() -> None:
    error = refusal(429, {"retry-after": "2"}, b'{"error":{"message":"slow down"}}')
    assert (error.retry_after, str(error)) == (2.0, "HTTP 429: slow down")


@pytest.mark.parametrize(("status", "wish"), [(429, "false"), (400, "true")])
def test_the_server_may_overrule_what_is_retried(status: int, wish: str) -> None:
    assert refusal(status, {"x-should-retry": wish}, b"").retryable is (wish == "true")


def test_a_delay_in_the_body_is_read_where_no_header_says_it() -> None:
    body = b'{"error":{"message":"x","details":[{"retryDelay": "17s"}]}}'
    assert refusal(429, {}, body).retry_after == 17.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "2"}, 2.0),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after": "3600"}, 3600.0),
        ({"retry-after": "Tue, 14 Nov 2023 22:13:30 GMT"}, 10.0),
        ({"retry-after": "Tue, 14 Nov 2023 22:13:00 GMT"}, 0.0),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({}, None),
        ({"x-ratelimit-reset": "5"}, 5.0),
        ({"x-ratelimit-reset": "1700000007"}, 7.0),
        ({"x-ratelimit-reset": "1700000007000"}, 7.0),
        ({"x-ratelimit-reset-tokens": "6m0s"}, 360.0),
        ({"x-ratelimit-reset-requests": "20ms"}, 0.02),
        ({"anthropic-ratelimit-tokens-reset": "2023-11-14T22:13:25Z"}, 5.0),
    ],
)
def test_every_form_of_the_wait_is_read(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, now=NOW) == (None if seconds is None else pytest.approx(seconds))


def test_a_date_is_taken_relative_to_the_servers_own_clock() -> None:
    headers = {
        "retry-after": "Tue, 14 Nov 2023 22:13:30 GMT",
        "date": "Tue, 14 Nov 2023 22:13:27 GMT",
    }
    assert retry_after(headers, now=NOW + 900) == 3.0


def test_the_exhausted_limit_decides_among_several() -> None:
    headers = {
        "x-ratelimit-reset-requests": "1s",
        "x-ratelimit-remaining-requests": "40",
        "x-ratelimit-reset-tokens": "8s",
        "x-ratelimit-remaining-tokens": "0",
    }
    assert retry_after(headers, now=NOW) == 8.0


@given(
    st.dictionaries(
        st.sampled_from(["retry-after", "retry-after-ms", "x-ratelimit-reset"]), st.text()
    )
)
def test_no_text_makes_it_raise_or_negative(headers: dict[str, str]) -> None:
    wait = retry_after(headers, now=NOW)
    assert wait is None or wait >= 0


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
