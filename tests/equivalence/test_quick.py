from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.equivalence import quick
from tts.equivalence.number import read_number

NUMBERS = st.fractions(min_value=-(10**6), max_value=10**6, max_denominator=1000)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("1/2", "\\frac{1}{2}"),
        ("0.5", "\\frac12"),
        (".5", "1/2"),
        ("918\\frac{1}{2}", "918.5"),
        ("007", "7"),
        ("1,234,567", "1234567"),
        ("10{,}000", "10000"),
        ("1000", "1000.0"),
        ("28\\%", "28 percent"),
        ("\\$10", "10"),
        ("90^\\circ", "90"),
        ("15\\mbox{ cm}^2", "15"),
        ("2.5\\times 10^{3}", "2500"),
        ("0.333333", "1/3"),
        ("-\\frac{10}{9}", "-10/9"),
        ("(C)", "\\text{C}"),
        ("Even", "\\text{even}"),
        ("0,111", "0.111"),
    ],
)
def test_two_spellings_of_one_answer_are_the_same(a: str, b: str) -> None:
    assert quick(a, b) == quick(b, a) == "same"


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("1/2", "1/3"),
        ("5", "5.001"),
        ("odd", "\\text{oddd}"),
        ("A", "B"),
        ("0", "yes"),
        ("0.00000012", "0.00000034"),
        ("10\\%", "0.1"),
        ("-3", "3"),
    ],
)
def test_two_answers_that_arithmetic_tells_apart_are_different(a: str, b: str) -> None:
    assert quick(a, b) == quick(b, a) == "different"


@pytest.mark.parametrize(
    ("a", "b"), [("x^2+1", "1+x^2"), ("(1,2)", "12"), ("1/0", "3"), ("1,2", "2,1")]
)
def test_what_takes_algebra_is_left_to_it(a: str, b: str) -> None:
    assert quick(a, b) is None


@given(NUMBERS)
def test_a_fraction_is_read_exactly_however_it_is_written(value: Fraction) -> None:
    top, bottom = value.numerator, value.denominator
    for text in (f"{top}/{bottom}", f"\\frac{{{top}}}{{{bottom}}}", f"${top}/{bottom}$."):
        assert quick(text, f"\\dfrac{{{top * 2}}}{{{bottom * 2}}}") == "same"


@given(NUMBERS, NUMBERS)
def test_two_fractions_are_the_same_only_where_they_are_equal(a: Fraction, b: Fraction) -> None:
    assert quick(str(a), str(b)) == ("same" if a == b else "different")


@given(st.text(max_size=40), st.text(max_size=40))
def test_the_order_of_the_two_answers_does_not_matter(a: str, b: str) -> None:
    assert quick(a, b) == quick(b, a)


@given(st.text(max_size=80))
def test_an_answer_is_the_same_as_itself(text: str) -> None:
    assert quick(text, text) == "same"


@given(st.text(alphabet="0123456789.,/{}\\fracegt-+ %", max_size=60))
def test_reading_a_number_never_fails(text: str) -> None:
    found = read_number(text)
    assert found is None or isinstance(found.value, Fraction)


@given(st.integers(1, 10**6))
def test_a_fraction_and_a_decimal_never_need_algebra(n: int) -> None:
    assert quick(f"\\frac{{{n}}}{{7}}", f"{n}.{n}") == "different"
