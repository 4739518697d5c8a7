from __future__ import annotations

from pathlib import Path

import pytest

from tts.errors import BadInput
from tts.eval.problems import load_problem_set
from tts.eval.problems.repositories import problems_of_instances
from tts.eval.swe.instance import write_rows
from tts.eval.swe.shipped import shipped_instances

MINI = shipped_instances()


def test_the_shipped_set_is_a_problem_set_whose_prompts_hold_no_reference() -> None:
    found = load_problem_set("swe_mini", limit=2)
    assert [one.id for one in found.problems] == ["slotbook__slotbook-1", "pagekit__pagekit-2"]
    first = found.problems[0]
    assert "Back-to-back bookings" in first.prompt and "File slotbook/slot.py:" in first.prompt
    assert MINI[0].patch not in first.prompt
    assert "test_bookings_may_follow_each_other" not in str(first.metadata)
    assert first.answer is not None and "test_bookings_may_follow_each_other" in first.answer


def test_rows_that_bring_files_are_a_problem_set(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.jsonl", MINI[:3])
    found = load_problem_set(f"swe:{tmp_path / 'rows.jsonl'}")
    assert [one.metadata for one in found.problems] == [
        one.metadata for one in load_problem_set("swe_mini", limit=3).problems
    ]


def test_rows_without_files_are_refused(tmp_path: Path) -> None:
    row = type(MINI[0])(
        **{**{n: getattr(MINI[0], n) for n in MINI[0].__struct_fields__}, "files": {}}
    )
    with pytest.raises(BadInput, match="slotbook__slotbook-1: its row brings no files"):
        list(problems_of_instances([row]))


def test_of_a_large_repository_only_the_paths_are_shown() -> None:
    large = type(MINI[0])(
        **{
            **{n: getattr(MINI[0], n) for n in MINI[0].__struct_fields__},
            "files": {"a.py": "x = 1\n" * 20_000},
        }
    )
    [problem] = problems_of_instances([large])
    assert problem.prompt.endswith("a.py") and len(problem.prompt) < 2000
