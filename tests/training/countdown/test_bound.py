"""Better values for a countdown search."""

from __future__ import annotations

import pytest

from tts.training.countdown.bound import figures, mended, problems_of

PROMPT = "Make 29 from 3 5 8."
OPEN = ("8 * 3 = 24 | left 5 24", "24 + 5 = 29 | answer 29")
CLOSED = ("8 + 5 = 13 | left 3 13", "13 + 3 = 16 | answer 16")
UNTRUE = ("8 * 3 = 25 | left 5 25", "24 + 5 = 29 | answer 29")
SCORES = (0.3, 0.4)


def test_learned_values_are_left_as_they_are() -> None:
    assert mended(PROMPT, UNTRUE, SCORES, "learned") == SCORES


@pytest.mark.parametrize(
    ("steps", "values"), [(OPEN, (0.3, 1.0)), (CLOSED, (0.3, 0.0)), (UNTRUE, (0.0, 0.0))]
)
def test_legal_values_are_zero_from_an_illegal_step_on_and_exact_at_the_end(
    steps: tuple[str, ...], values: tuple[float, ...]
) -> None:
    assert mended(PROMPT, steps, SCORES, "legal") == values


@pytest.mark.parametrize(
    ("steps", "values"), [(OPEN, (1.0, 1.0)), (CLOSED, (0.0, 0.0)), (UNTRUE, (0.0, 0.0))]
)
def test_exact_values_say_whether_the_target_can_still_be_reached(
    steps: tuple[str, ...], values: tuple[float, ...]
) -> None:
    assert mended(PROMPT, steps, SCORES, "exact") == values


def test_another_prompt_is_refused() -> None:
    with pytest.raises(ValueError, match="not a prompt of countdown"):
        mended("Compute 3 + 4.", OPEN, SCORES, "exact")


async def test_better_values_cost_the_same() -> None:
    problems = problems_of([1], 2, 7)
    learned, exact = [
        await figures(problems, "best_of_n(n=2)", values) for values in ("learned", "exact")
    ]
    assert learned.fresh_tokens == exact.fresh_tokens > 0
    assert exact.accuracy >= learned.accuracy
