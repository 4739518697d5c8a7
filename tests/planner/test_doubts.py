"""Sound plans that look wrong are doubted, and run all the same."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from tts.planner import read_plan
from tts.planner.checks import Doubt, doubts
from tts.tools import ToolSet, tool


@dataclass
class Place:
    """Where something is."""

    place_id: str
    sky_id: str
    title: str


@tool(effect="read")
async def place(name: str) -> Place:
    """Find a place."""
    raise NotImplementedError


@tool(effect="read")
async def weather(placeId: str) -> str:
    """Weather of a place."""
    raise NotImplementedError


@tool(effect="read")
async def flight(from_sky_id: str, from_place_id: str, to_sky_id: str) -> str:
    """Find a flight."""
    raise NotImplementedError


@tool(effect="irreversible")
async def send(text: str) -> str:
    """Send a message."""
    raise NotImplementedError


TOOLS = ToolSet([place, weather, flight, send])
FLIGHT = "3. flight(from_sky_id=$1.sky_id, from_place_id={}.place_id, to_sky_id={}.sky_id)\n"
TWO = '1. place(name="Oslo")\n2. place(name="Rome")\n'


def found(text: str) -> list[Doubt]:
    return list(doubts(read_plan(text).plan, TOOLS))


@pytest.mark.parametrize(
    ("text", "kind", "call"),
    [
        (f"{TWO}answer = $1\n", "unused result", 2),
        (
            '1. place(name="Oslo")\n2. weather(placeId=$1.place_id)\nanswer = $1\n',
            "unused result",
            2,
        ),
        ('1. place(name="Oslo")\n2. place(name="Oslo")\nanswer = [$1, $2]\n', "repeated call", 2),
        (f"{TWO}3. weather(placeId=$1.title)\nanswer = [$2, $3]\n", "another field fits", 3),
        (TWO + FLIGHT.format("$2", "$2") + "answer = $3\n", "mixed results", 3),
        (TWO + FLIGHT.format("$1", "$1") + "answer = [$2, $3]\n", "same value twice", 3),
        (f'{TWO}answer = {{"north": $1, "south": $1, "both": $2}}\n', "same value twice", 1),
    ],
)
def test_what_looks_wrong_is_told_by_kind_and_call(text: str, kind: str, call: int) -> None:
    assert [(doubt.kind, doubt.call) for doubt in found(text)] == [(kind, call)]


@pytest.mark.parametrize(
    "text",
    [
        TWO + FLIGHT.format("$1", "$2") + "answer = $3\n",
        '1. place(name="Oslo")\n2. weather(placeId=$1.place_id)\nanswer = $2\n',
        f"{TWO}join()\n",
        '1. place(name="Oslo")\n2. send(text=$1.title)\nanswer = "done"\n',
    ],
)
def test_what_looks_right_is_not_doubted(text: str) -> None:
    assert found(text) == []
