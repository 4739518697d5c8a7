from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from tests.eval.replay.importers.test_ledger import compared
from tts.cli.replay import show_selected
from tts.cli.screen import Screen
from tts.engine import SessionOptions, parse_strategy
from tts.eval.recorded import read, recorded_report
from tts.eval.replay.resample import share_between
from tts.eval.report import render_page, render_table, to_csv, to_markdown
from tts.eval.run_comparison import run_comparison
from tts.eval.selected import selected, with_selected
from tts.eval.spec import ComparisonSpec
from tts.values import Budget
from tts.verifiers.sandbox import probe

PROMPT = """def {entry}(n):
    \'\'\'Twice a number.

    >>> {entry}(0)
    0
    \'\'\'
"""
DRAWS = {
    "f": ("    return n + 1", "    return n * n", "    return 2 * n"),
    "g": ("    return 2",) * 3,
}
"""Of f the example takes one away, so that half of what is left is right; of g nothing is."""


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


def programs(folder: Path) -> ComparisonSpec:
    """Two problems, three recorded programs each."""
    rows = [
        {
            "task_id": entry,
            "prompt": PROMPT.format(entry=entry),
            "entry_point": entry,
            "test": "def check(candidate):\n    assert candidate(3) == 6\n",
        }
        for entry in DRAWS
    ]
    drawn = [
        {"problem_id": entry, "problem": PROMPT.format(entry=entry), "model": "m",
         "sample_index": place, "completion": text, "task": "code", "total_tokens": 9}
        for entry, texts in DRAWS.items()
        for place, text in enumerate(texts)
    ]  # fmt: skip
    for name, lines in (("set.jsonl", rows), ("pool.jsonl", drawn)):
        (folder / name).write_text("".join(json.dumps(one) + "\n" for one in lines))
    return ComparisonSpec(
        title="programs",
        problems=f"humaneval:{folder / 'set.jsonl'}",
        strategies=(parse_strategy("best_of_n(n=3)"), parse_strategy("single")),
        budgets=(Budget(),),
        options=SessionOptions(model=f"replay:{folder / 'pool.jsonl'}", verifier="examples"),
    )


def test_a_report_on_programs_says_what_selection_got_of_what_was_drawn(tmp_path: Path) -> None:
    if not probe("landlock").holds:
        pytest.skip("no isolation here")
    place = tmp_path / "tts.db"
    report = asyncio.run(run_comparison(programs(tmp_path), ledger=place))
    found = report.rows[0].selected
    assert found is not None
    assert found.random.value == pytest.approx(1 / 6)
    assert found.selected.value == report.rows[0].accuracy.value  # type: ignore[union-attr]
    assert found.oracle.value == 0.5
    assert found.ranking is not None and found.ranking.problems == 1
    assert found.ranking.ranked.value == pytest.approx((1 + 0.63093) / 2, abs=1e-4)
    assert found.ranking.unranked.value == pytest.approx((1 + 0.63093 + 0.5) / 3, abs=1e-4)
    console = Console(width=100, file=io.StringIO(), record=True)
    console.print(render_table(report))
    assert "recovered %" in console.export_text()
    assert all("recovered %" in view(report) for view in (to_markdown, render_page))
    assert {"recovered_draws", "ndcg_gain"} <= set(to_csv(report).splitlines()[0].split(","))
    name, again = asyncio.run(recorded_report(place))
    problems = read(place, name).problems
    kept = (tmp_path / "tts.db.verdicts.jsonl").read_text()
    assert asyncio.run(with_selected(again, problems, place, name)).rows == report.rows
    assert len(set(kept.splitlines())) == 4
    assert (tmp_path / "tts.db.verdicts.jsonl").read_text() == kept
