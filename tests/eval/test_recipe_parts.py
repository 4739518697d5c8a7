"""Recipes of several parts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tts.engine.registry import STRATEGIES
from tts.errors import BadInput, UnknownName
from tts.eval.recipe import read_parts, read_recipe

RECIPES = Path(__file__).resolve().parents[2] / "recipes"
CLAIMS = ["hard", "hard_n4", "hard_n16", "diverse", "weighted", "adaptive"]
TWO = """
problems: arithmetic:5
strategies: [single]
parts:
  easy: {bins: [1]}
  hard: {bins: [5], strategies: [single, "best_of_n(n=2)"]}
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "two.yaml"
    path.write_text(TWO)
    return path


def test_a_part_stands_on_top_of_the_common_keys_and_flags_on_top_of_both(recipe: Path) -> None:
    parts = read_parts(recipe, limit=3)
    assert [(name, one.bins, one.limit) for name, one in parts.items()] == [
        ("easy", [1], 3),
        ("hard", [5], 3),
    ]
    assert len(parts["easy"].strategies) == 1 and len(parts["hard"].strategies) == 2


def test_one_part_can_be_chosen(recipe: Path) -> None:
    assert read_recipe(recipe, "hard").bins == [5]
    with pytest.raises(UnknownName, match="medium"):
        read_recipe(recipe, "medium")
    with pytest.raises(BadInput, match="--part"):
        read_recipe(recipe)


def test_the_recipe_of_searches_covers_every_strategy_and_the_four_claims() -> None:
    specs = {name: part.spec() for name, part in read_parts(RECIPES / "search.yaml").items()}
    assert list(specs) == [*CLAIMS, "all"]
    assert {s.name for s in specs["all"].strategies} == set(STRATEGIES.names())


def test_the_small_recipe_asks_the_same_of_fewer_problems() -> None:
    great, small = (
        {name: part.model_dump(exclude={"problems"}) for name, part in read_parts(path).items()}
        for path in (RECIPES / "search.yaml", RECIPES / "search_small.yaml")
    )
    del great["all"]
    assert list(small) == CLAIMS and small == great
