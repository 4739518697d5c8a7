from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.backends.openai_http import retry_after

NOW = 1_700_000_000.0


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
