"""Thoughts part where they turn."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tts.strategies.parts.thoughts import reasoning_steps, split_thoughts, thought_steps

LONG = "we multiply and add " * 20


def test_thoughts_part_at_turns_and_not_at_every_blank_line() -> None:
    text = f"{LONG}\n\n{LONG}\n\nWait, {LONG}\n\nAlternatively, {LONG}"
    steps = thought_steps(text)
    assert [step.split()[0] for step in steps] == ["we", "Wait,", "Alternatively,"]


def test_short_turns_are_joined_with_what_follows() -> None:
    assert len(thought_steps(f"Hmm.\n\nWait, no.\n\nHmm, {LONG}")) == 1


def test_no_step_outgrows_the_ceiling_while_it_can_be_parted() -> None:
    steps = thought_steps("\n\n".join([LONG] * 5), least=10, most=100)
    assert len(steps) == 5


def test_answers_after_the_thoughts_part_at_blank_lines() -> None:
    assert split_thoughts("hm</think>so\n\n4") == ("hm", "so\n\n4")
    assert reasoning_steps("hm</think>so\n\n4") == ("hm", "so", "4")
    assert reasoning_steps("so\n\n4") == ("so", "4")


@given(st.lists(st.sampled_from(["Wait, no", "so 3", "Alternatively", "\n\n", "."]), max_size=30))
def test_parting_loses_no_word(words: list[str]) -> None:
    text = " ".join(words)
    assert " ".join(thought_steps(text)).split() == text.split()
