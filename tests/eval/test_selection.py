"""Methods of one comparison select by one rule, unless one says otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from tts.engine import STRATEGIES, parse_strategy, spell_strategy
from tts.eval.recipe import recipe_of
from tts.eval.run_comparison import baseline
from tts.eval.selection import alike, unlike
from tts.eval.spec import ComparisonSpec


def spec(*strategies: str, **keys: Any) -> ComparisonSpec:
    return recipe_of({"problems": "arithmetic:5", "strategies": list(strategies), **keys}).spec()


def names(*strategies: str, **keys: Any) -> list[str]:
    return [spell_strategy(one) for one in spec(*strategies, **keys).strategies]


def test_a_search_takes_the_best_as_its_baseline_does_and_its_name_says_so() -> None:
    assert names("best_of_n(n=4)", "beam_search(n=4)") == [
        "best_of_n(n=4)",
        "beam_search(n=4, select=best)",
    ]


def test_the_rule_is_a_parameter_and_so_part_of_the_identity_of_runs() -> None:
    (found,) = spec("beam_search(n=4)").strategies
    assert found.parameters == parse_strategy("beam_search(n=4, select=best)").parameters


@pytest.mark.parametrize(
    ("rule", "spelled"),
    [
        ("weighted", "beam_search(n=4)"),
        ("majority", "beam_search(n=4, select=majority)"),
        ("own", "beam_search(n=4)"),
    ],
)
def test_a_recipe_gives_another_rule_to_all(rule: str, spelled: str) -> None:
    assert names("beam_search(n=4)", select=rule) == [spelled]


def test_a_strategy_that_names_its_rule_keeps_it() -> None:
    assert names("beam_search(n=4, select=weighted)") == ["beam_search(n=4)"]


def test_a_vote_that_needs_no_verifier_stays_a_vote() -> None:
    assert names("plan_then_solve(n=4)", "self_refine") == ["plan_then_solve(n=4)", "self_refine"]


@pytest.mark.parametrize("name", STRATEGIES.names())
def test_outside_a_comparison_a_strategy_is_what_it_was(name: str) -> None:
    assert alike(name, "own").parameters == parse_strategy(name).parameters
    changed = alike(name, "best").parameters
    assert {**changed, "select": None} == {**parse_strategy(name).parameters, "select": None} or (
        "select" not in changed and changed == parse_strategy(name).parameters
    )


@pytest.mark.parametrize("named", ["beam_search(n=4)", "beam_search( n=4 )"])
def test_a_baseline_is_named_as_it_stands_in_the_list(named: str) -> None:
    found = spec("single", "beam_search( n=4 )", baseline=named)
    assert found.baseline == "beam_search(n=4, select=best)"


@pytest.mark.parametrize(
    ("named", "label"),
    [("single", "single"), ("best_of_n(n=4)", "best_of_n(n=4)"), ("best_of_n", "best_of_n(n=2)")],
)
def test_each_size_of_a_strategy_can_be_the_baseline_and_its_bare_name_is_the_first(
    named: str, label: str
) -> None:
    strategies = ("single", "best_of_n(n=2)", "best_of_n(n=4)", "best_of_n(n=8)")
    assert baseline(spec(*strategies, baseline=named)) == label


def test_a_caution_names_the_rows_that_select_by_another_rule() -> None:
    (told,) = unlike(["best_of_n(n=4)", "beam_search(n=4)", "majority_vote(n=4)", "vote"])
    assert told.endswith(": best in best_of_n(n=4); weighted in beam_search(n=4).")
    assert unlike(names("best_of_n(n=4)", "beam_search(n=4)", "majority_vote(n=4)")) == []
