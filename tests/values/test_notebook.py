"""What a notebook shows of a result, and its candidates as a table."""

from __future__ import annotations

from typing import Any

import pytest

from tts.backends.scripted import ScriptedGenerator
from tts.engine import Engine
from tts.values import Result
from tts.values.notebook import MOST_ROWS, html_table

EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture
async def result() -> Result:
    def say(_: Any, prefix: str, index: int) -> str:
        return f"{EVIL} \\boxed{{{EVIL if index == 2 else 7}}}"

    async with Engine(ScriptedGenerator(say), verifier=None) as engine:
        return await engine.solve("1+6", strategy="majority_vote(n=3)")


def test_a_result_is_shown_with_its_candidates_and_nothing_of_them_is_markup(
    result: Result,
) -> None:
    shown = result._repr_html_()
    assert "<b>7</b>" in shown and "in 3 calls" in shown and "price unknown" in shown
    assert "<img" not in shown and shown.count("<tr>") == 1 + 3


def test_candidates_are_records_and_the_chosen_one_is_marked(result: Result) -> None:
    records = result.records()
    assert [one["answer"] for one in records][:2] == ["7", "7"]
    assert sum(one["chosen"] for one in records) == 1
    assert {one["score"] for one in records} == {None}, "unknown is not zero"


def test_candidates_are_a_data_frame(result: Result) -> None:
    pandas = pytest.importorskip("pandas")
    frame = result.to_pandas()
    assert isinstance(frame, pandas.DataFrame) and len(frame) == 3
    assert list(frame.columns) == list(result.records()[0])


def test_a_long_table_says_how_much_of_it_is_not_shown() -> None:
    assert "… and 5 more" in html_table([{"n": n} for n in range(MOST_ROWS + 5)])
