"""Three forms, one plan."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts.planner.language import NativeReader, Plan, draft_of, open_reader, read_plan, write_plan
from tts.planner.language import write_native

_SPEC = importlib.util.spec_from_file_location("plans", Path(__file__).parent / "conftest.py")
assert _SPEC and _SPEC.loader
_LABORATORY: Any = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_LABORATORY)
plans = _LABORATORY.plans


@given(plans())
@settings(max_examples=150)
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_plan_is_read_back_as_it_was_written(form: Any, plan: Plan) -> None:
    draft = read_plan(write_plan(plan, form), form)
    assert draft.faults == ()
    assert draft.plan == plan


@given(plans())
@settings(max_examples=100)
def test_native_calls_are_read_back_as_they_were_written(plan: Plan) -> None:
    reader = NativeReader()
    assert draft_of([*reader.feed(write_native(plan)), *reader.end()]).plan == plan


@given(plans(), st.text(max_size=40), st.data())
@settings(max_examples=150)
@pytest.mark.parametrize("form", ["text", "json"])
def test_the_calls_depend_on_the_text_and_not_on_its_chunks(
    form: Any, plan: Plan, noise: str, data: Any
) -> None:
    text = noise + "\n" + write_plan(plan, form)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    whole, pieces = open_reader(form), open_reader(form)
    expected = [*whole.feed(text), *whole.end()]
    found = []
    for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
        found += pieces.feed(text[start:end])
    assert [*found, *pieces.end()] == expected
