from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from tests.eval.replay.importers.test_ledger import compared
from tts.cli.replay import show_selected
from tts.cli.screen import Screen
from tts.eval.replay.resample import share_between
from tts.eval.selected import selected


def test_what_is_selected_lies_between_what_is_drawn_and_the_best_draw(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "tts.db"
    report = compared(place, "best_of_n(n=6)", "single")
    several, one = asyncio.run(selected(place))
    assert several.strategy.startswith("best_of_n") and several.problems == 6
    accuracy = report.rows[0].accuracy
    assert accuracy is not None
    assert several.selected.value == pytest.approx(accuracy.value)
    assert several.random.value <= several.oracle.value
    assert one.random.value == one.selected.value == one.oracle.value
    assert one.recovered is None
    show_selected(place, Screen())
    assert "oracle" in capsys.readouterr().out


def test_the_share_is_of_the_room_that_there_is() -> None:
    low, high = np.zeros(8), np.array([1.0, 1, 1, 1, 0, 0, 0, 0])
    half = np.array([1.0, 1, 0, 0, 0, 0, 0, 0])
    found = share_between(low, half, high)
    assert found is not None
    assert found.value == pytest.approx(0.5)
    assert found.low < 0.5 < found.high
    assert share_between(high, high, high) is None
