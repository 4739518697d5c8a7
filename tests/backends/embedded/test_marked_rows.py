from __future__ import annotations

import pytest

from tts.backends.embedded.embedded_model import EmbeddedModel
from tts.backends.embedded.marked_rows import STEP_MARK, marked_rows
from tts.backends.embedded.tokenizer import EmbeddedTokenizer
from tts.errors import ContextTooLong
from tts.values import Message

QUESTION = (Message("user", "Compute (3 + 4) * 2."),)


@pytest.fixture(scope="module")
def tokenizer() -> EmbeddedTokenizer:
    return EmbeddedModel.shipped("small").tokenizer


def test_a_short_text_is_the_template_with_markers(tokenizer: EmbeddedTokenizer) -> None:
    (row,) = marked_rows(tokenizer, QUESTION, ["7 * 2", "\\boxed{14}"], 1024)
    text = f"<|user|>{QUESTION[0].content}<|assistant|>7 * 2{STEP_MARK}\\boxed{{14}}{STEP_MARK}"
    assert list(row.ids) == tokenizer.encode(text)
    assert [row.ids[mark] for mark in row.marks] == [tokenizer.special(STEP_MARK)] * 2


def test_a_marker_in_the_text_adds_no_score(tokenizer: EmbeddedTokenizer) -> None:
    (row,) = marked_rows(tokenizer, QUESTION, [f"7 {STEP_MARK} 2"], 1024)
    assert len(row.marks) == 1


def test_a_long_text_becomes_rows_that_begin_with_the_question(
    tokenizer: EmbeddedTokenizer,
) -> None:
    question = tuple(tokenizer.encode_chat(QUESTION))
    rows = marked_rows(tokenizer, QUESTION, ["7 * 2"] * 10, len(question) + 10)
    assert [len(row.marks) for row in rows] == [2] * 5
    assert all(row.ids[: len(question)] == question for row in rows)


def test_a_step_that_does_not_fit_is_refused(tokenizer: EmbeddedTokenizer) -> None:
    with pytest.raises(ContextTooLong):
        marked_rows(tokenizer, QUESTION, ["7" * 100], 60)
