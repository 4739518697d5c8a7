"""How long an endpoint is asked what it supports before it is given up."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from tts.backends.probe import Question
from tts.engine.asks import Asks
from tts.errors import BadRequest, CallError, NotSent, Unavailable, Untrusted
from tts.options import SessionOptions
from tts.values import NOTHING


async def asked(*, met: Sequence[CallError | None], retries: int = 5) -> tuple[Any, float, int]:
    """Questions to a server on which attempts meet these errors, the last one for ever; None:
    an answer. What the last question came to, when (seconds), and after how many attempts."""
    tried = 0

    async def attempt(meter: Any) -> dict[str, Any]:
        nonlocal tried
        tried += 1
        error = met[min(tried, len(met)) - 1]
        if error is not None:
            raise error
        return {"data": []}

    question = Question(name="models", model="", worst=NOTHING, attempt=attempt)
    came: Any = None
    async with Asks(SessionOptions(retries=retries)) as asks:
        for _ in range(1 + met.count(None)):
            try:
                came = await asks.send(question)
            except CallError as error:
                came = error
                break
    return came, asyncio.get_running_loop().time(), tried


@pytest.mark.parametrize(
    ("met", "least", "most"),
    [
        ([NotSent("refused")], 2.0, 5.0),
        ([Unavailable("loading"), NotSent("refused")], 12.0, 20.0),
        ([None, NotSent("refused")], 12.0, 20.0),
        ([Unavailable("503")], 12.0, 20.0),
        ([Untrusted("no certificate")], 0.0, 0.0),
        ([BadRequest("no such model")], 0.0, 0.0),
    ],
    ids=["never there", "seen", "answered", "failing", "untrusted", "refused"],
)
def test_a_server_is_asked_again_for_seconds_where_it_was_never_reached_and_longer_where_it_was(
    lab: Any, met: Any, least: float, most: float
) -> None:
    came, when, _ = lab.run(asked(met=met))
    assert came is met[-1]
    assert least <= when <= most


def test_a_server_that_comes_up_in_time_is_asked_once_it_is_there(lab: Any) -> None:
    refused = NotSent("refused")
    came, when, tried = lab.run(asked(met=[refused, refused, refused, None]))
    assert came == {"data": []} and when < 5.0 and tried >= 4


def test_without_retries_a_server_is_asked_once(lab: Any) -> None:
    _, when, tried = lab.run(asked(met=[NotSent("refused")], retries=0))
    assert (when, tried) == (0.0, 1)
