from __future__ import annotations

from pathlib import Path

import pytest

from tts.cli.plan import load_tools, show_plan
from tts.errors import BadInput


@pytest.mark.parametrize("place", ["math:pi", "math:nothing", "no_such_module:x", "string:digits"])
def test_what_is_no_tool_is_refused(place: str) -> None:
    with pytest.raises(BadInput, match="Tools"):
        load_tools(place)


def test_a_plain_function_is_a_tool() -> None:
    assert list(load_tools("statistics:fmean")) == ["fmean"]


def test_a_page_that_cannot_be_written_is_refused_before_anything_runs(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="folder"):
        show_plan(
            "a task",
            "statistics:fmean",
            {},
            form="text",
            execute=True,
            optimise=False,
            html=tmp_path / "missing" / "plan.html",
        )
