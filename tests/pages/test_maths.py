r"""Formulas in texts of models are set, and nothing that a formula may say gets past that."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.pages import set_formula, set_maths
from tts.pages.maths import ELEMENTS, LENGTHS, WORDS

TagsOf = Callable[[str], list[tuple[str, dict[str, str | None]]]]

PAYLOADS = [
    r"$\text{<script>alert(1)</script>}$",
    r"$\href{javascript:alert(1)}{x}$",
    r"$\style{background:url(//evil)}{x}$",
    r"$\class{evil}{x}$",
    r"$\unicode{x3c}script\unicode{x3e}$",
    r"$\text{&lt;img src=x onerror=alert(1)&gt;}$",
    r"$\verb|<img src=x onerror=alert(1)>|$",
    r"$\operatorname{<svg onload=alert(1)>}$",
    r"$\color{red;background:url(//evil)}x$",
    r"$\hspace{1em\" onclick=alert(1)}$",
    "\"><img src=x onerror='alert(1)'> $x^2$",
    r"\[ </math><script>alert(1)</script> \]",
    r"\boxed{<script>alert(1)</script>}",
    r"$\def\a{\a\a}\a$",
    r"\begin{array}{<script>}1\end{array}",
]


@pytest.mark.parametrize("text", PAYLOADS)
def test_no_formula_adds_an_element_or_an_attribute_of_its_own(text: str, tags_of: TagsOf) -> None:
    for page in (set_maths(text, 5000), set_formula(text, 5000)):
        for tag, attributes in tags_of(page):
            assert tag == "math" or ELEMENTS.fullmatch(tag), page
            allowed = {"display", "alttext", "class"} if tag in ("math", "mrow") else set[str]()
            assert all(
                name in allowed or WORDS.fullmatch(name) or LENGTHS.fullmatch(name)
                for name in attributes
            ), page
            assert attributes.get("class") in (None, "boxed")


@given(st.text(alphabet=r"\{}$^_&<>\"'[]()abfrcstxq12 " + "\n", max_size=80))
def test_whatever_is_written_only_formulas_become_elements(tags_of: TagsOf, text: str) -> None:
    for page in (set_maths(text), set_formula(text)):
        assert all(tag == "math" or ELEMENTS.fullmatch(tag) for tag, _ in tags_of(page))


@pytest.mark.parametrize(
    ("text", "formulas"),
    [
        (r"Let $x^2$ and \(y\) be; \[ x+y \] or $$z$$.", ["x^2", "y", "x+y", "z"]),
        (r"So \boxed{\frac{3}{4}} it is.", [r"\boxed{\frac{3}{4}}"]),
        (r"\begin{align*}a&=b\\c&=d\end{align*}", [r"\begin{align*}a&=b\\c&=d\end{align*}"]),
        ("It costs $5 and then $6.", []),
        ("It costs $5 and $6", []),
        (r"Escaped \$x\$ stays.", []),
        ("Unclosed $x^2 stays", []),
        (r"Unknown $\foo{1}$ stays", []),
        (r"Unclosed $\frac{1$ stays", []),
    ],
)
def test_formulas_between_marks_are_set_and_money_is_not(
    text: str, formulas: list[str], tags_of: TagsOf
) -> None:
    found = [attributes["alttext"] for tag, attributes in tags_of(set_maths(text)) if tag == "math"]
    assert found == formulas


@pytest.mark.parametrize("answer", [r"\frac{1}{2}", "x^2+1", r"$\pi$", r"11\sqrt2", r"90^\circ"])
def test_an_answer_that_looks_like_a_formula_is_one(answer: str) -> None:
    assert set_formula(answer).startswith("<math ")


@pytest.mark.parametrize("answer", ["42", "p - q", "Paris", "5%", r"use \frac for fractions here"])
def test_other_answers_stay_texts(answer: str) -> None:
    assert set_formula(answer) == answer


def test_what_cannot_be_set_is_escaped_as_it_was() -> None:
    assert set_maths("$\\left( <b>$") == "$\\left( &lt;b&gt;$"


def test_a_text_that_was_cut_stays_within_its_limit() -> None:
    assert re.sub("<[^>]*>", "", set_maths("$x^2$" + "y" * 500, 100)).endswith("y…")


@pytest.mark.parametrize(
    "text",
    ["\\[" * 50_000, "\\(a" * 50_000, "$" * 100_000, "$a" * 50_000, "\\boxed{" * 15_000,
     "\\begin{align}" * 8_000, "$" + "{" * 700 + "}" * 700 + "$", "$" + "\\sqrt{" * 200 + "$"],
    ids=range(8),
)  # fmt: skip
def test_hostile_texts_cost_no_more_than_their_length(text: str) -> None:
    """A quadratic reader would not come back before the test's timeout."""
    assert len(set_maths(text, len(text))) < 30 * len(text)
