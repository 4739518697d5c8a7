# pyright: reportMissingImports=false

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.arithmetic import any_path, generate_graded
from tts.training.step_samples import StepSample, labelled, spoilt

torch = pytest.importorskip("torch", reason="training needs the extra `train`")

bins, seeds = st.integers(1, 5), st.integers(0, 5_000)


def attempts(bin_: int, seed: int) -> tuple[StepSample, StepSample]:
    """A right attempt at a problem, and a copy of it with one digit changed."""
    (problem,), order = generate_graded(bin_, 1, seed), random.Random(seed)
    right = labelled(problem, any_path(problem.expression, order))
    [wrong] = spoilt(right, order)
    return right, wrong


@given(bins, seeds)
def test_a_revision_is_right_and_keeps_the_right_steps_before_the_first_wrong_one(
    bin_: int, seed: int
) -> None:
    from tts.training.revisions import revised

    _, wrong = attempts(bin_, seed)
    found = labelled(wrong.problem, revised(wrong, random.Random(seed)))
    assert found.solved
    assert all(found.labels)
    kept = list(wrong.labels).index(False)
    assert found.steps[:kept] == wrong.steps[:kept]


@given(bins, seeds)
def test_a_right_attempt_is_repeated(bin_: int, seed: int) -> None:
    from tts.training.revisions import revised

    right, _ = attempts(bin_, seed)
    assert revised(right, random.Random(seed)) == right.text


def test_the_conversation_is_the_one_that_the_strategy_holds() -> None:
    from tts.backends.embedded.model import EmbeddedModel
    from tts.strategies.parts.conversation import asking, replying
    from tts.strategies.revision.sequential_revision import AGAIN
    from tts.training.revisions import conversation
    from tts.training.steps_policy import TOKENIZER
    from tts.values import Message

    right, wrong = attempts(3, 1)
    turns: tuple[Message, ...] = (Message("user", right.problem.prompt),)
    for one in (wrong, right):
        turns = asking(replying(turns, one.text), AGAIN)
    expected = EmbeddedModel.shipped("steps").tokenizer.encode_chat(turns)
    assert TOKENIZER.encode(conversation([wrong, right])).ids == expected
