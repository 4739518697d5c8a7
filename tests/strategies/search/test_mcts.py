from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.backends.scripted import ScriptedGenerator, ScriptedScorer
from tts.backends.simulated import SimulatedScorer, SimulatedSteps
from tts.errors import BadRequest
from tts.strategies import MCTS
from tts.strategies.search.mcts import TreeNode
from tts.values import Candidate, Problem, Score, Scored

BOX = "\\boxed{%s}"
PROBLEM = Problem(id="p", prompt="?")


def node(parent: TreeNode, value: float, *, prior: float = 0.5, final: bool = False) -> TreeNode:
    candidate = Candidate(problem=PROBLEM, text=str(value), key=str(value), final=final)
    child = TreeNode(Scored(candidate, Score(value=value)), prior=prior, parent=parent)
    parent.children.append(child)
    return child


def test_back_up_credits_the_whole_path() -> None:
    root = TreeNode()
    child = node(root, 0.5)
    leaf = node(child, 0.7)
    leaf.back_up(0.8)
    child.back_up(0.2)
    assert [(n.visits, n.total) for n in (root, child, leaf)] == [(2, 1.0), (2, 1.0), (1, 0.8)]


def test_worked_numbers_of_puct() -> None:
    root = TreeNode()
    tried, fresh = node(root, 0.9, prior=0.6), node(root, 0.4, prior=0.4)
    for _ in range(4):
        tried.back_up(0.5)
    # .5 + 1 · .6 · 2 / 5 and .4 + 1 · .4 · 2 / 1
    assert tried.urge(1.0) == pytest.approx(0.74)
    assert fresh.urge(1.0) == pytest.approx(1.2)
    assert root.leaf(1.0) is fresh
    assert root.leaf(0.0) is tried


def test_a_simulation_under_way_counts_as_a_loss_and_is_taken_back() -> None:
    root = TreeNode()
    first, second = node(root, 0.8), node(root, 0.7)
    before = first.urge(0.1)
    first.fly()
    assert first.urge(0.1) < before
    assert root.leaf(0.1) is second
    first.fly(-1)
    assert first.urge(0.1) == before


def test_a_closed_branch_is_not_entered_and_closes_its_parent() -> None:
    root = TreeNode()
    left, right = node(root, 0.9), node(root, 0.1)
    left.close()
    assert root.leaf(1.0) is right
    right.close()
    assert root.leaf(1.0) is None


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 1)), min_size=1, max_size=30))
def test_a_parent_holds_the_sum_of_what_its_children_brought(
    credits: list[tuple[int, float]],
) -> None:
    root = TreeNode()
    children = [node(root, 0.5) for _ in range(4)]
    for place, value in credits:
        children[place].back_up(value)
    assert root.visits == sum(child.visits for child in children) == len(credits)
    assert root.total == pytest.approx(sum(child.total for child in children))


def test_a_finished_leaf_is_visited_again_without_a_call(forest: Any) -> None:
    policy = forest.by_depth([BOX % 1, BOX % 2])
    scorer = ScriptedScorer({BOX % 1: 0.9, BOX % 2: 0.1})
    found = forest.grow(MCTS(n=20, branching=2), policy=policy, scorer=scorer)
    assert len(policy.requests) == 2
    assert forest.scored(found) == 2
    assert found.answer == "1"


def test_a_simulation_rolls_its_best_child_out_and_credits_the_end(forest: Any) -> None:
    policy = forest.by_depth(["a\n\n", "b\n\n"], [f"c\n\n{BOX % 7}"])
    scorer = ScriptedScorer({"a": 0.2, "b": 0.8})
    found = forest.grow(MCTS(n=1, branching=2), policy=policy, scorer=scorer)
    ends = [k.candidate for k in found.candidates if k.candidate.final]
    assert [end.parent.text for end in ends if end.parent] == ["b\n\n"]
    assert found.answer == "7"


def test_what_rollouts_bring_overrides_what_the_verifier_promised(forest: Any) -> None:
    """`a` looks better than `b` and leads nowhere: back-propagation turns the search to `b`."""

    def say(_: Any, prefix: str, index: int) -> str:
        if not prefix:
            return ["a\n\n", "b\n\n"][index % 2]
        return BOX % (f"1{index}" if prefix.startswith("a") else "2")

    def judge(_: Any, steps: Any, place: int) -> float:
        return {"a": 0.7, "b": 0.5, BOX % 2: 0.9}.get(steps[place], 0.05)

    found = forest.grow(
        MCTS(n=6, branching=2, parallel=1, exploration=0.3, select="best"),
        policy=ScriptedGenerator(say),
        scorer=ScriptedScorer(judge),
    )
    assert found.answer == "2"


def test_parallel_simulations_expand_different_leaves(forest: Any) -> None:
    found = forest.grow(
        MCTS(n=4, branching=4, parallel=4), policy=SimulatedSteps(least=5, most=5), spread=0.5
    )
    parents = [k.candidate.parent.key for k in found.candidates if k.candidate.depth == 1]
    assert len(set(parents)) >= 2


def test_equal_finished_children_are_one_node(forest: Any) -> None:
    scorer = ScriptedScorer({BOX % 1: 0.2, "a": 0.9})
    policy = forest.by_depth([BOX % 1, BOX % 1, BOX % 1, "a\n\n"], [BOX % 2])
    found = forest.grow(MCTS(n=2, branching=4, parallel=1), policy=policy, scorer=scorer)
    assert {k.candidate.parent.text for k in found.candidates if k.candidate.parent} == {"a\n\n"}


def test_equal_children_are_one_node(forest: Any) -> None:
    policy = forest.by_depth(["a\n\n"], [BOX % 1])
    found = forest.grow(MCTS(n=1, branching=4), policy=policy)
    assert forest.scored(found) == 2


def test_a_tree_whose_every_draw_fails_is_a_failed_run(forest: Any) -> None:
    found = forest.grow(MCTS(n=4), policy=ScriptedGenerator([BadRequest("no")]))
    assert found.stopped_by == "failed"


def test_a_good_verifier_finds_what_the_policy_seldom_says(forest: Any) -> None:
    answers = [
        forest.grow(
            MCTS(n=12, branching=3, select="best"),
            policy=SimulatedSteps(0.5, least=4, most=4),
            scorer=SimulatedScorer(0.8, noise=0.05),
            seed=seed,
        ).answer
        for seed in range(8)
    ]
    assert answers.count("42") >= 6


@pytest.mark.parametrize("wrong", [{"n": 0}, {"parallel": 0}, {"exploration": -1.0}])
def test_impossible_parameters_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        MCTS(**wrong)
