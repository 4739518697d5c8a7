"""What is printed is read, and never acts."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.table import Table
from rich.text import Text

from tts.cli.run import candidates, fields, verdict
from tts.cli.screen import Screen, json_text, one_line
from tts.values import Candidate, Kept, Problem, Result, Usage

ACTS = {
    "colour": "\x1b[31m",
    "clear": "\x1b[2J",
    "link": "\x1b]8;;http://evil\x1b\\",
    "title": "\x1b]0;title\x07",
    "one-byte CSI": "\x9b31m",
    "one-byte OSC": "\x9d0;x\x9c",
    "device control": "\x90q\x9c",
    "backspace": "\x08\x08",
    "return": "\rall well",
    "delete": "\x7f",
    "override": "\u202e",
    "isolate": "\u2066x\u2069",
    "letter mark": "\u061c",
    "no width": "\u200b",
    "line end": "\u2028",
    "tag": "\U000e0041",
    "half": "\ud83d",
    "mark": "\ufeff",
}
SEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\U000e0000-\U000e007f\ud800-\udfff]"
)


def printed(what: Any) -> str:
    screen = Screen()
    with screen.capture() as captured:
        screen.print(what)
    return captured.get()


@pytest.mark.parametrize("text", ACTS.values(), ids=ACTS)
def test_nothing_that_acts_reaches_the_screen_by_any_way(text: str) -> None:
    table = Table(f"head {text}", title=f"title {text}", caption=text)
    table.add_row(f"cell {text}")
    table.add_row(Text(text))
    for what in (text, Text(text), table, one_line(text)):
        assert SEEN.findall(printed(what)) == []


@given(st.text(st.characters(codec=None), max_size=40))
def test_no_text_whatever_acts(text: str) -> None:
    assert SEEN.findall(printed(text)) == []
    assert SEEN.findall(json_text({"text": text})) == []


@pytest.mark.parametrize("text", ["arithmetic:x:", ":x:", "[red]a[/red]", "[/]", "a:smile:b"])
def test_markup_and_emoji_codes_stay_what_they_are(text: str) -> None:
    table = Table(text, title=text)
    table.add_row(text)
    assert printed(text) == f"{text}\n"
    assert printed(table).count(text) == 3


@given(st.text(st.characters(codec=None), max_size=40))
def test_json_holds_every_text_unchanged(text: str) -> None:
    assert json.loads(json_text({"text": text})) == {"text": text}


@pytest.mark.parametrize("text", ACTS.values(), ids=ACTS)
def test_the_answer_of_a_model_is_read(text: str) -> None:
    draw = Candidate(problem=Problem(id="p", prompt="p"), text=text, answer=text, key="k")
    result = Result(
        problem_id="p",
        answer=text,
        candidate=draw,
        candidates=(Kept(draw),),
        usage=Usage(),
        billed=Usage(),
        stopped_by="failed",
        error=f"HTTP 500: {text}",
    )
    for what in (candidates(result), verdict(result)):
        assert SEEN.findall(printed(what)) == []
    assert json.loads(json_text(fields(result)))["answer"] == text


def test_an_answer_of_several_lines_makes_no_line_of_its_own() -> None:
    assert one_line("41\nanswer       42").plain == "41 answer 42"
