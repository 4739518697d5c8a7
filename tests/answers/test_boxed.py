from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.answers import boxed, last_boxed

BALANCED = st.recursive(
    st.text(alphabet="ab1+ ", min_size=1, max_size=5),
    lambda inner: st.lists(inner, min_size=1, max_size=3).map(lambda p: "{" + "".join(p) + "}"),
)


@given(BALANCED)
def test_whatever_balanced_text_is_boxed_comes_back(content: str) -> None:
    assert last_boxed(f"so \\boxed{{1}}, no: \\boxed{{x{content}x}}.") == f"x{content}x"


@pytest.mark.parametrize("text", ["\\boxed{", "\\boxed{1", "\\boxed{\\frac{1}{2}", "no", ""])
def test_a_box_that_is_cut_or_missing_gives_none(text: str) -> None:
    assert last_boxed(text) is None


def test_an_earlier_box_does_not_stand_in_for_a_cut_one() -> None:
    assert last_boxed("\\boxed{3}, no: \\boxed{4") is None
    assert boxed("\\boxed{3}, no: \\boxed{4").cut


def test_escaped_braces_do_not_count() -> None:
    assert last_boxed("\\boxed{\\{1,2\\}}") == "\\{1,2\\}"


def test_an_empty_box_is_no_answer() -> None:
    assert last_boxed("\\boxed{}") is None


@pytest.mark.parametrize("unit", ["\\boxed{", "\\boxed x", "{", "a", "\\fbox", "\\"])
def test_a_megabyte_without_a_closed_box_has_no_answer(unit: str) -> None:
    assert last_boxed(unit * (2**20 // len(unit))) is None
