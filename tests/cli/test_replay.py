"""What `tts replay` says while it works."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tts.cli.replay import Grading
from tts.cli.screen import Screen


@pytest.mark.parametrize(("seconds", "said"), [(0.5, 0), (1.5, 1), (12.0, 2)])
def test_grading_says_how_far_it_is_once_it_takes_a_while(
    lab: Any, capsys: pytest.CaptureFixture[str], seconds: float, said: int
) -> None:
    grading = Grading(Screen(stderr=True))
    grading("m", 3, 9)
    assert lab.run(grading.through(asyncio.sleep(seconds, "a report"))) == "a report"
    told = capsys.readouterr()
    assert told.err.count("m: 3 of 9 problems, comparing answers") == said
    assert told.out == ""
