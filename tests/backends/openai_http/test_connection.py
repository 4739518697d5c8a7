"""Base URLs as people write them."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.backends.fault_server import FaultServer
from tts.backends.openai_http import Connection, HTTPGenerator
from tts.errors import BadInput, BadRequest
from tts.protocols import Meter
from tts.values import Model


@pytest.mark.parametrize(
    "url",
    [
        "",
        " ",
        "localhost:8000/v1",
        "127.0.0.1:8000/v1",
        "api.example.com/v1",
        "//host/v1",
        "/v1",
        "http://",
        "http:///v1",
        "http:/host/v1",
        "http//host/v1",
        "ftp://host/v1",
        "file:///etc/passwd",
        "http://host:port/v1",
        "http://host:99999/v1",
        "http://host:-1/v1",
        "http://[::1/v1",
        "http://ho st/v1",
        "http://<host>/v1",
        "http://host/v1#fragment",
        "http://..",
        None,
        5,
    ],
)
def test_what_is_no_address_is_told_with_the_right_form_before_anything_is_sent(url: Any) -> None:
    with pytest.raises(BadInput, match=r"http://HOST:PORT/v1") as caught:
        Connection(url)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "bare"),
    [
        ("http://host:8000/v1", "http://host:8000/v1"),
        (" https://host/v1/ ", "https://host/v1"),
        ("HTTP://host/v1", "http://host/v1"),
        ("http://host/v1/chat/completions", "http://host/v1"),
        ("http://host/v1/models/", "http://host/v1"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1"),
    ],
)
def test_an_address_is_taken_however_it_ends(url: str, bare: str) -> None:
    assert Connection(url).base_url == bare


@given(st.text() | st.text().map("http://{}".format) | st.text().map("http://host:{}".format))
def test_every_text_is_an_address_or_bad_input(url: str) -> None:
    with suppress(BadInput):
        assert Connection(url).base_url.startswith(("http://", "https://"))


async def test_a_base_url_without_v1_says_where_most_servers_answer(ask: Any) -> None:
    async with FaultServer() as server:
        generator = HTTPGenerator(Model(name="m"), base_url=server.url.removesuffix("/v1"))
        with pytest.raises(BadRequest, match=f"try the base URL {server.url}"):
            await generator.generate(ask(), Meter())
        await generator.close()
