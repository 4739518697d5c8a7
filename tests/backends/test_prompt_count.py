from __future__ import annotations

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
