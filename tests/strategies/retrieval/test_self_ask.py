"""The three prefixes, however a model writes them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.strategies.retrieval.self_ask import PREFIXES, grammar, read_line

FREE = ("follow_up", "final")


@pytest.mark.parametrize(
    ("text", "kind", "told"),
    [
        ("Follow up: Who wrote it?", "follow_up", "Who wrote it?"),
        ("\n\n**Follow-up question:** Who wrote it?", "follow_up", "Who wrote it?"),
        ("So the final answer is: Visby.", "final", "Visby"),
        ("Final answer: Visby\nFollow up: Why?", "final", "Visby"),
        ("<think>Follow up: no?</think>So the final answer is: Visby", "final", "Visby"),
        ("Intermediate answer: x\nSo the final answer is: Visby", "final", "Visby"),
    ],
)
def test_a_line_is_read_by_its_prefix(text: str, kind: str, told: str) -> None:
    line = read_line(text, FREE)
    assert line is not None and (line.kind, line.text, line.repaired) == (kind, told, False)


@pytest.mark.parametrize(
    ("text", "kind", "told"),
    [
        ("Who directed it?", "follow_up", "Who directed it?"),
        ("Visby", "final", "Visby"),
        ("Intermediate answer: Visby", "final", "Visby"),
    ],
)
def test_a_reply_without_an_allowed_prefix_is_repaired(text: str, kind: str, told: str) -> None:
    line = read_line(text, FREE)
    assert line is not None and (line.kind, line.text, line.repaired) == (kind, told, True)


def test_where_one_kind_may_come_its_prefix_may_be_missing() -> None:
    line = read_line("Ida Brandt.\nFollow up: and?", ("intermediate",))
    assert line is not None and (line.kind, line.text, line.repaired) == (
        "intermediate",
        "Ida Brandt",
        False,
    )


@pytest.mark.parametrize("text", ["", "  \n", "Follow up:", "…"])
def test_nothing_is_read_where_nothing_is_said(text: str) -> None:
    assert read_line(text, FREE) is None


@given(st.text())
def test_a_reply_of_any_letters_is_one_line_of_an_allowed_kind_or_none(text: str) -> None:
    line = read_line(text, FREE)
    assert line is None or (line.kind in FREE and line.text.strip() and "\n" not in line.text)


def test_the_grammar_allows_these_prefixes_alone() -> None:
    guide = grammar(FREE)
    assert guide.kind == "grammar"
    assert PREFIXES["follow_up"] in guide.content and PREFIXES["final"] in guide.content
    assert PREFIXES["intermediate"] not in guide.content
