from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.backends.openai_http import PromptCount
from tts.values import Message

ASKED = (Message("user", "héllo"),)


@given(st.text())
def test_without_a_tokenizer_it_is_at_least_the_bytes(text: str) -> None:
    asked = (Message("user", text),)
    assert PromptCount().count(asked, "é") >= len(text.encode("utf-8", "replace")) + 2


def test_with_tokenizer_and_template_it_is_exact() -> None:
    count = PromptCount(
        lambda text: len(text.split()), render=lambda turns, prefix: f"<u> {turns[0].content} <a>"
    )
    assert count.count(ASKED, "") == 3


def test_what_the_server_reported_wins_for_the_same_prompt_only() -> None:
    count = PromptCount()
    count.learn(ASKED, "", 4)
    assert count.count(ASKED, "") == 4
    assert count.count(ASKED, "x") > 4


def test_memory_is_bounded() -> None:
    count = PromptCount()
    for place in range(5000):
        count.learn(ASKED, str(place), 1)
    assert count.count(ASKED, "0") > 1
    assert count.count(ASKED, "4999") == 1


@given(st.text(), st.integers(-5, 10**9), st.text())
def test_an_estimate_is_a_number_of_tokens_and_never_above_the_bound(
    text: str, told: int, other: str
) -> None:
    count = PromptCount()
    count.learn(ASKED, "", told)
    count.learn_text(text * 40, told)
    asked = (Message("user", other),)
    assert 0 < count.estimate(asked, text) <= count.count(asked, text)


def test_a_prompt_whose_count_never_came_is_estimated_in_tokens_not_in_bytes() -> None:
    asked = (Message("user", "What is the sum of the first hundred odd numbers? " * 6),)
    assert 70 <= PromptCount().estimate(asked, "") <= 120 < PromptCount().count(asked, "")


def test_the_bytes_of_a_token_are_learnt_from_replies_that_have_counts() -> None:
    count = PromptCount()
    count.learn_text("ab" * 500, 500)
    count.learn(ASKED, "", 33)
    asked = (Message("user", "ab" * 300),)
    assert count.estimated_tokens("ab" * 300) == 300
    assert count.estimate(asked, "") == 300 + 33 - 3


def test_hidden_thoughts_are_no_measure_of_a_text() -> None:
    count = PromptCount()
    count.learn_text("x" * 300, 4000)
    assert count.estimated_tokens("x" * 350) == 100


def test_the_most_that_was_reported_for_a_prompt_is_reserved() -> None:
    count = PromptCount()
    for told in (9, 12, 10):
        count.learn(ASKED, "", told)
    assert count.count(ASKED, "") == 12


@pytest.mark.parametrize("told", [0, -1, 10**9])
def test_an_impossible_report_is_not_reserved_by(told: int) -> None:
    count = PromptCount()
    bound = count.count(ASKED, "")
    count.learn(ASKED, "", told)
    assert count.count(ASKED, "") == bound
