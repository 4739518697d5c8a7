# pyright: reportMissingImports=false

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.arithmetic import any_path, generate_graded
from tts.training.step_samples import StepSample, labelled

torch = pytest.importorskip("torch", reason="training needs the extra `train`")

bins, seeds = st.integers(1, 5), st.integers(0, 5_000)


def group(bin_: int, seed: int) -> list[StepSample]:
    """Two right attempts at a problem, and copies of them with another answer."""
    (problem,), order = generate_graded(bin_, 1, seed), random.Random(seed)
    right = [any_path(problem.expression, order) for _ in range(2)]
    wrong = [text.replace(f"{{{problem.answer}}}", "{7777}") for text in right]
    return [labelled(problem, text) for text in (*right, *wrong)]


@given(bins, seeds)
def test_the_answer_of_a_chain_is_right_and_asked_again_it_is_the_same(
    bin_: int, seed: int
) -> None:
    from tts.strategies.revision.sequential_revision import AGAIN
    from tts.training.architecture import ASSISTANT, END, USER
    from tts.training.chains import chain_row
    from tts.training.steps_policy import TOKENIZER

    attempts = group(bin_, seed)
    ids, before = chain_row(attempts, random.Random(seed))
    text = TOKENIZER.decode(ids[before:], skip_special_tokens=False)
    answers = text.removesuffix(END).split(f"{END}{USER}{AGAIN}{ASSISTANT}")
    assert len(set(answers)) == 1
    assert labelled(attempts[0].problem, answers[0]).solved


def test_about_half_of_what_is_asked_again_is_right() -> None:
    from tts.training.chains import attempts_in_view

    order = random.Random(0)
    lasts = [attempts_in_view(group(3, seed), order)[-1] for seed in range(400)]
    assert 0.3 < sum(one.solved and all(one.labels) for one in lasts) / len(lasts) < 0.4


def test_of_attempts_that_are_all_right_a_right_one_is_asked_again() -> None:
    from tts.training.chains import attempts_in_view

    right = [one for one in group(2, 5) if one.solved and all(one.labels)]
    assert attempts_in_view(right, random.Random(1))[-1] in right


def test_without_a_right_attempt_a_right_last_one_is_a_revision() -> None:
    from tts.training.chains import attempts_in_view

    wrong = [one for one in group(4, 3) if not one.solved]
    seen = [attempts_in_view(wrong, random.Random(seed)) for seed in range(60)]
    assert {one[-1].solved for one in seen} == {True, False}
    assert all(not one.solved for shown in seen for one in shown[:-1])


def test_the_nearest_answer_follows_the_attempts_order_of_operations() -> None:
    from tts.training.chains import nearest

    [problem] = generate_graded(2, 1, 4)
    attempt = labelled(problem, "7 * (2 + 2)\n\n\\boxed{28}")
    answers = ["(3 + 4) * 3\n\n\\boxed{21}", "7 * (2 + 1)\n\n\\boxed{21}"]
    assert nearest(attempt, answers) == answers[1]
    assert nearest(attempt, answers[:1] * 2) == answers[0]
