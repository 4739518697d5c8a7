from __future__ import annotations

import pytest

from tts.backends.openai_http import refusal
from tts.errors import (
    BadRequest,
    CallError,
    ContextTooLong,
    RateLimited,
    Unauthorized,
    Unavailable,
)


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
