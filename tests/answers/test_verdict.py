"""Verdicts are read in whatever words they are given; what is none is missing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.answers.verdict import choice, mark, polarity, settled, step_marks
from tts.values import Completion

ECHO = "Score: N, where N is a whole number from 0 (certainly wrong) to 10 (certainly right)."


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("8", 0.8),
        ("7/10", 0.7),
        ("I rate this 10 out of 10.", 1.0),
        ("8 out of ten", 0.8),
        ("**Score**: 7", 0.7),
        ("Score: **7**/10", 0.7),
        ("Rating: 4/5", 0.8),
        ('{"score": 8}', 0.8),
        ('```json\n{"score": 8, "reason": "x: 3/10"}\n```', 0.8),
        ('{"score": "8/10"}', 0.8),
        ('{"rating": 4, "scale": 5}', 0.8),
        ("0.8", 0.8),
        ("85%", 0.85),
        ("Score - 8", 0.8),
        ("Score: 3\nScore: 8", 0.8),
        ("On a scale from 0 to 10, I give it an 8", 0.8),
        ("Score (0-10): 7", 0.7),
        ("Score out of 10: 8", 0.8),
        ("On a scale of 1-5, I rate it 4.", 0.8),
        ("Score: 0 (certainly wrong)", 0.0),
        (f"{ECHO}\nScore: 7", 0.7),
        ("a score of 8 out of a possible 10", 0.8),
        ("<score>8</score>", 0.8),
        ("\\boxed{8}", 0.8),
        ("| Score | 8 |", 0.8),
        ("Score:\n\n8/10\n", 0.8),
        ("8/10\n\nThe solution is right.", 0.8),
        ("Solid work, 8/10.", 0.8),
    ],
)
def test_a_mark_is_read_in_the_judges_own_words(text: str, value: float) -> None:
    assert mark(text) == pytest.approx(value)


@pytest.mark.parametrize(
    "text",
    [
        *("", "I do not know.", ECHO, "Score: N", "Score: A", "Score: NaN", "Score: 1e3"),
        *("Score: 1000/10", "Score: 11", "Score: 10.5", "Score: 1,000", "150%", "100"),
        *("-3", "Score: -3", "Score: −3", '{"score": 80}', '{"score": null}', "Score: 3/0"),
        *("7 or 8", "Score: 7-8", "Score: 7/10 or 8/10", "Score: 1.0", "Score: " + "9" * 500),
        *("The answer 7/10 is wrong.", "Verdict: 0 errors found", "I rate step 3 as wrong."),
        "Verdict:\n1. The first step is right",
    ],
)
def test_what_is_no_mark_on_the_scale_is_missing(text: str) -> None:
    assert mark(text) is None


@given(st.text(max_size=200))
def test_any_reply_gives_a_share_or_nothing(text: str) -> None:
    found = mark(text)
    assert found is None or 0 <= found <= 1


@given(st.floats(0, 10), st.sampled_from(["Score: {}", "{}/10", "I rate this {} out of 10."]))
def test_a_mark_keeps_its_value_in_every_wording(value: float, wording: str) -> None:
    value = round(value) if "/" not in wording and "out" not in wording else round(value, 2)
    assert mark(wording.format(value)) == pytest.approx(value / 10)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("Judgment: 2", 1),
        ("Judgement: Solution 2", 1),
        ("**Judgment:** [2]", 1),
        ('{"judgment": 2}', 1),
        ("Solution 2 is most likely right.", 1),
        ("Solution 1", 0),
        ("Judgment: 9", None),
        ("Judgment: 0", None),
        ("Judgment: 1 or 2", None),
        ("Judgment: 2.5", None),
        ("so x = 2", None),
    ],
)
def test_a_choice_names_one_of_the_solutions(text: str, place: int | None) -> None:
    assert choice(text, 3) == place


def test_every_step_has_one_mark_or_there_is_none() -> None:
    assert step_marks("Step 1: 9/10\n**Step 2**: 2 (odd)", 2) == (0.9, 0.2)
    for text in ("Step 1: 9", "Step 1: 9\nStep 2: 11", "Step 1: 9\nStep 2: 8\nStep 3: 1"):
        assert step_marks(text, 2) is None


@pytest.mark.parametrize(
    ("text", "agrees"),
    [("True", True), ("**False**.", False), ("not true", False), ("True or False?", None)],
)
def test_one_of_two_words_is_said(text: str, agrees: bool | None) -> None:
    found = polarity(text, ["True"], ["False"])
    assert (found and found[0]) == agrees


@pytest.mark.parametrize(
    ("text", "reason", "said"),
    [
        ("<think>Score: 3</think>Score: 8", "stop", "Score: 8"),
        ("<think>Score: 3", "length", ""),
        ("fine\nScore: 1", "length", "fine\nScore: "),
    ],
)
def test_thoughts_and_the_word_of_a_cut_are_no_verdict(text: str, reason: str, said: str) -> None:
    assert settled(Completion(text=text, finish_reason=reason)) == said  # type: ignore[arg-type]
