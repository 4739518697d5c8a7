from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tts.backends.scripted import ScriptedGenerator, ScriptedScorer
from tts.errors import BadRequest
from tts.strategies import ABMCTSA
from tts.strategies.search.ab_mcts import ABMCTSNode
from tts.strategies.search.posteriors import ThompsonArm
from tts.values import Candidate, Model, Problem, Score, Scored

BOX = "\\boxed{%s}"
PROBLEM = Problem(id="p", prompt="?")


def scored(value: float) -> Scored:
    return Scored(Candidate(problem=PROBLEM, text="t", key=str(value)), Score(value=value))


def test_worked_numbers_of_a_beta_arm_with_fractional_rewards() -> None:
    arm = ThompsonArm("beta")
    arm.reward(0.8)
    arm.reward(0.3)
    assert arm.beta == pytest.approx((1.6, 1.4))


def test_worked_numbers_of_a_gaussian_arm() -> None:
    arm = ThompsonArm("gaussian")
    assert arm.gaussian == (0.0, 1.0, 1.0, 0.1)
    arm.reward(0.6)
    arm.reward(0.8)
    # κ 3, m 1.4/3, ν 3, τ² (0.1 + 0.02 + 2/3 · 0.49) / 3
    assert arm.gaussian == pytest.approx((1.4 / 3, 3.0, 3.0, 0.4466667 / 3))


def test_a_new_child_counts_wider_here_and_deeper_above_and_not_deeper_here() -> None:
    root = ABMCTSNode("beta")
    root.grow(scored(0.5))
    [child] = root.children
    child.grow(scored(0.9))
    assert (root.wider.count, root.deeper.count, child.arm.count) == (1, 1, 2)
    assert (child.wider.count, child.deeper.count) == (1, 0)
    assert (root.wider.total, root.deeper.total, child.arm.total) == (0.5, 0.9, 1.4)


def test_a_grandchild_counts_in_every_level_above() -> None:
    root = ABMCTSNode("beta")
    root.grow(scored(0.5))
    root.children[0].grow(scored(0.6))
    root.children[0].children[0].grow(scored(0.7))
    child = root.children[0]
    assert (root.deeper.count, child.deeper.count, child.arm.count) == (2, 1, 3)


def test_a_leaf_is_always_widened() -> None:
    root = ABMCTSNode("gaussian")
    assert root.choose(np.random.default_rng(0)) is root


def test_where_refinements_pay_the_search_goes_deeper() -> None:
    root = ABMCTSNode("beta")
    for _ in range(30):
        root.wider.reward(0.05)
    root.grow(scored(0.5))
    for _ in range(30):
        root.deeper.reward(0.95)
    rng = np.random.default_rng(1)
    assert sum(root.choose(rng) is not root for _ in range(50)) > 45


def test_an_answer_is_refined_with_itself_and_its_score_in_view(forest: Any) -> None:
    policy = ScriptedGenerator(lambda *_: BOX % 1)
    forest.grow(ABMCTSA(n=10, parallel=1), policy=policy, scorer=ScriptedScorer({}, default=0.5))
    refined = [r for r in policy.requests if len(r.messages) > 1]
    assert refined
    assert refined[0].messages[-2].content == BOX % 1
    assert "0.50" in refined[0].messages[-1].content


def test_draws_go_to_the_model_whose_answers_are_worth_more(forest: Any) -> None:
    good = ScriptedGenerator(lambda *_: BOX % 42, model=Model(name="good", parameters=0))
    poor = ScriptedGenerator(lambda *_: BOX % 13, model=Model(name="poor", parameters=0))
    scorer = ScriptedScorer({BOX % 42: 0.95, BOX % 13: 0.05})
    search = ABMCTSA(n=30, models=["default", "good"], parallel=2, belief="beta")
    found = forest.grow(search, policy=poor, models={"good": good}, scorer=scorer)
    assert len(good.requests) > 2 * len(poor.requests)
    assert found.answer == "42"


def test_models_may_be_joined_by_a_plus() -> None:
    assert ABMCTSA(models="small+large").names == ("small", "large")


def test_a_failed_answer_teaches_nothing(forest: Any) -> None:
    policy = ScriptedGenerator(lambda _, __, index: BadRequest("no") if index % 2 else BOX % 5)
    found = forest.grow(ABMCTSA(n=6, parallel=2), policy=policy)
    assert found.answer == "5"


def test_it_draws_n_answers(forest: Any) -> None:
    assert forest.sampled(forest.grow(ABMCTSA(n=7, parallel=3))) == 7


@pytest.mark.parametrize("wrong", [{"n": 0}, {"belief": "uniform"}, {"models": ""}])
def test_impossible_parameters_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        ABMCTSA(**wrong)
