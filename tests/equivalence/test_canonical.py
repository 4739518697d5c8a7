from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.equivalence import normalise
from tts.equivalence.canonical import canonical
from tts.equivalence.equivalence import quick


@pytest.mark.parametrize(
    ("spelling", "normal"),
    [
        ("$\\dfrac{1}{2}$", "\\frac{1}{2}"),
        ("\\boxed{\\frac{1}{2}}", "\\frac{1}{2}"),
        ("\\left( 1, 2 \\right)", "(1, 2)"),
        ("90^\\circ", "90"),
        ("90^{\\circ}.", "90"),
        ("\\text{Evelyn}", "Evelyn"),
        ("10{,}000", "10,000"),
        ("x^2  +  1", "x^2+1"),
        ("\\leftarrow", "\\leftarrow"),
        ("185\\", "185"),
    ],
)
def test_spelling_without_meaning_goes(spelling: str, normal: str) -> None:
    assert normalise(spelling) == normal


def test_a_blank_between_digits_stays() -> None:
    assert normalise("1 2") != normalise("12")


def test_a_blank_after_a_comma_stays_so_that_a_list_is_no_thousand() -> None:
    assert normalise("32, 349") != normalise("32,349")


@given(st.text(max_size=200))
def test_normalising_any_text_ends_without_an_error(text: str) -> None:
    assert len(normalise(text)) <= len(text)


def test_what_nests_too_deep_for_algebra_is_undecided_whatever_else_it_is() -> None:
    deep = "(" * 300 + "1" + ")" * 300
    assert quick("7", deep) is None and quick(deep, deep) == "same"
    assert quick("7", f"{deep} so \\boxed{{7}}") == "same"
    assert not canonical(deep).mathematics and canonical(deep).prose
