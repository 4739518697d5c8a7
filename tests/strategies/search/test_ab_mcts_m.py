from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from tts.backends.scripted import ScriptedGenerator, ScriptedScorer
from tts.errors import BadRequest
from tts.strategies import ABMCTSM
from tts.strategies.search.ab_mcts import MixedArms, MixedNode
from tts.strategies.search.posteriors import GRID, POINTS, MixedModel
from tts.values import Candidate, Model, Problem, Score, Scored

BOX = "\\boxed{%s}"
PROBLEM = Problem(id="p", prompt="?")


def scored(value: float) -> Scored:
    return Scored(Candidate(problem=PROBLEM, text="t", key=str(value)), Score(value=value))


def predicted(groups: Sequence[Sequence[float]], draws: int = 4000) -> Any:
    """Means of the posterior predictive: of every group, and of a new one last."""
    model, rng = MixedModel(groups), np.random.default_rng(7)
    told = [model.draw(rng) for _ in range(draws)]
    return np.array([[*old, new] for old, new in told]).mean(axis=0)


def weighed(groups: Sequence[Sequence[float]], draws: int = 400_000) -> Any:
    """The same means by weighing draws from the priors: slow, and independent of closed forms."""
    rng = np.random.default_rng(3)
    middle = rng.normal(0.5, 0.2, draws)
    between, within = np.abs(rng.normal(0, 0.2, draws)), np.abs(rng.normal(0, 0.3, draws))
    means = [rng.normal(middle, between) for _ in groups]
    logs = np.zeros(draws)
    for mean, group in zip(means, groups, strict=True):
        for score in group:
            logs -= 0.5 * ((score - mean) / within) ** 2 + np.log(within)
    weights = np.exp(logs - logs.max())
    return np.array([(weights * one).sum() / weights.sum() for one in (*means, middle)])


def test_worked_numbers_of_the_common_mean_given_the_deviations() -> None:
    # One group, one score 0.8, deviations 0.2 between and 0.3 within: variance 0.04 + 0.09.
    mean, precision = MixedModel([[0.8]]).centre(np.array([0.2]), np.array([0.3]))
    assert precision == pytest.approx([25 + 1 / 0.13])
    assert mean == pytest.approx([(0.5 * 25 + 0.8 / 0.13) / (25 + 1 / 0.13)])


def test_worked_numbers_of_two_groups() -> None:
    # 0.2 and 0.4 have mean 0.3 and variance 0.04 + 0.09 / 2 around the common mean; 0.9 has 0.13.
    mean, precision = MixedModel([[0.2, 0.4], [0.9]]).centre(np.array([0.2]), np.array([0.3]))
    first, second = 1 / 0.085, 1 / 0.13
    assert precision == pytest.approx([25 + first + second])
    assert mean == pytest.approx([(12.5 + 0.3 * first + 0.9 * second) / (25 + first + second)])


@pytest.mark.parametrize(
    "groups", [[[0.8]], [[0.2, 0.4], [0.9]], [[0.1, 0.1, 0.2], [0.7, 0.9], [0.5]]]
)
def test_the_posterior_is_that_of_weighed_draws_from_the_priors(groups: Any) -> None:
    assert predicted(groups) == pytest.approx(weighed(groups), abs=0.025)


def test_the_grid_weighs_all_pairs_of_deviations() -> None:
    weights = MixedModel([[0.3, 0.3, 0.3], [0.9, 0.9, 0.9]]).weights()
    assert len(weights) == POINTS**2 and weights.sum() == pytest.approx(1)
    between, within = ((axis * weights).sum() for axis in GRID)
    assert within < 0.1 < between


def test_a_leaf_is_always_widened() -> None:
    root = MixedNode()
    assert root.choose(np.random.default_rng(0)) is root


def test_a_score_counts_in_every_subtree_it_belongs_to() -> None:
    root = MixedNode()
    root.grow(scored(0.5))
    root.grow(scored(0.1))
    root.children[0].grow(scored(0.7))
    assert [child.scores for child in root.children] == [[0.5, 0.7], [0.1]]
    assert root.scores == [0.5, 0.1, 0.7]


def test_where_one_subtree_is_better_than_any_other_the_search_goes_deeper_there() -> None:
    root = MixedNode()
    for value in (0.1, 0.12, 0.95):
        root.grow(scored(value))
    for value in (0.9, 0.93, 0.97):
        root.children[2].grow(scored(value))
    rng = np.random.default_rng(1)
    chosen = [root.choose(rng) for _ in range(100)]
    assert sum(node is root.children[2] or node.parent is root.children[2] for node in chosen) > 75


def test_where_all_subtrees_disappoint_the_search_goes_wider() -> None:
    root = MixedNode()
    for value in (0.02, 0.05, 0.04):
        root.grow(scored(value))
        for below in (value + 0.01, value + 0.02):
            root.children[-1].grow(scored(below))
    rng = np.random.default_rng(1)
    assert sum(root.choose(rng) is root for _ in range(100)) > 20


def test_a_subtree_of_equal_scores_is_left_alone() -> None:
    root = MixedNode()
    root.grow(scored(0.9))
    child = root.children[0]
    for _ in range(2):
        child.grow(scored(0.9))
    assert not child.settled
    child.grow(scored(0.3))
    assert child.settled
    rng = np.random.default_rng(2)
    assert all(root.choose(rng) is root for _ in range(20))


def test_a_model_that_drew_nothing_is_tried() -> None:
    arms = MixedArms(("known", "fresh"))
    for _ in range(6):
        arms.reward("known", 0.2)
    rng = np.random.default_rng(4)
    assert {arms.choose(rng) for _ in range(40)} == {"known", "fresh"}


def test_draws_go_to_the_model_whose_answers_are_worth_more(forest: Any) -> None:
    good = ScriptedGenerator(lambda *_: BOX % 42, model=Model(name="good", parameters=0))
    poor = ScriptedGenerator(lambda *_: BOX % 13, model=Model(name="poor", parameters=0))
    scorer = ScriptedScorer({BOX % 42: 0.95, BOX % 13: 0.05})
    search = ABMCTSM(n=24, models=["default", "good"], parallel=2)
    found = forest.grow(search, policy=poor, models={"good": good}, scorer=scorer)
    assert len(good.requests) > 2 * len(poor.requests)
    assert found.answer == "42"


def test_a_failed_answer_teaches_nothing(forest: Any) -> None:
    policy = ScriptedGenerator(lambda _, __, index: BadRequest("no") if index % 2 else BOX % 5)
    assert forest.grow(ABMCTSM(n=6, parallel=2), policy=policy).answer == "5"


def test_it_draws_n_answers(forest: Any) -> None:
    assert forest.sampled(forest.grow(ABMCTSM(n=7, parallel=3))) == 7


def test_it_takes_no_belief() -> None:
    assert set(ABMCTSM().parameters) == {"n", "models", "parallel", "select"}
