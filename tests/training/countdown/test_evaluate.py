"""The figures of the countdown cards."""

from __future__ import annotations

from tts.countdown.problem import CountdownProblem
from tts.training.countdown.evaluate import rank, spread
from tts.training.countdown.samples import played

PROBLEM = CountdownProblem("one", (8, 5, 3), 29, 1, 0.1)


def test_pairs_are_ranked_inside_their_group_alone() -> None:
    assert rank([[(0.9, True), (0.1, False)], [(0.2, True), (0.3, False)]]) == 0.5
    assert rank([[(0.5, True), (0.5, False)]]) == 0.5
    assert rank([[(0.9, True)], [(0.1, False)]]) is None


def test_the_spread_counts_every_problem_once() -> None:
    assert spread([0.0, 0.03, 0.5, 1.0]) == (
        "Problems by their pass@1: 0-0.05: 0.50, 0.05-0.2: 0.00, 0.2-0.4: 0.00, 0.4-0.6: 0.25, "
        "0.6-0.8: 0.00, 0.8-0.95: 0.00, 0.95-1: 0.25."
    )


def test_a_draw_is_judged_step_by_step() -> None:
    right = played(PROBLEM, "8 * 3 = 24 | left 5 24\n\n24 + 5 = 29 | answer 29")
    assert (right.labels, right.solved, right.legal) == ((True, True), True, True)
    closed = played(PROBLEM, "8 + 3 = 11 | left 5 11\n\n11 + 5 = 16 | answer 16")
    assert (closed.labels, closed.solved, closed.legal) == ((False, False), False, True)
    untrue = played(PROBLEM, "8 * 3 = 25 | left 5 25\n\n25 + 5 = 30 | answer 30")
    assert (untrue.labels, untrue.solved, untrue.legal) == ((False, False), False, False)
