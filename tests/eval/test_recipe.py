"""Recipes: their parts, and what is said of one that is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tts.engine.registry import STRATEGIES
from tts.errors import BadInput, UnknownName
from tts.eval.recipe import read_parts, read_recipe, recipe_of
from tts.strategies.retrieval.base import Reading

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
    reading = {name for name in STRATEGIES.names() if issubclass(STRATEGIES.find(name), Reading)}
    reading |= {"compressed"}  # wraps another one that reads
    fitted = {"compute_optimal"}  # needs a policy; see recipes/optimal.yaml
    judged = {"pivot_tournament"}  # no embedded model compares solutions
    programs = {"codet", "self_debug", "code_monkeys"}  # for sets whose answers are programs
    named = {strategy.name for strategy in specs["all"].strategies}
    assert named == set(STRATEGIES.names()) - fitted - reading - judged - programs


def test_the_small_recipe_asks_the_same_of_fewer_problems() -> None:
    great, small = (
        {name: part.model_dump(exclude={"problems"}) for name, part in read_parts(path).items()}
        for path in (RECIPES / "search.yaml", RECIPES / "search_small.yaml")
    )
    del great["all"]
    assert list(small) == CLAIMS and small == great


PLAIN: dict[str, Any] = {"problems": "arithmetic:5", "strategies": ["single"]}


def told(**keys: Any) -> str:
    with pytest.raises(BadInput) as caught:
        recipe_of({**PLAIN, **keys})
    return str(caught.value)


def test_a_missing_key_is_told_with_the_option_that_gives_it() -> None:
    with pytest.raises(BadInput, match="strategies is missing: give --strategies"):
        recipe_of({"model": "embedded:small", "problems": "embedded"}, where="Options")


def test_a_key_that_there_is_not_is_told_its_near_name() -> None:
    assert "no key stratgies. Did you mean strategies?" in told(stratgies=["single"])


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("repeats", True),
        ("repeats", 0),
        ("timeout", float("nan")),
        ("concurrency", "many"),
        ("models", ["a"]),
        ("strategies", []),
        ("strategies", [None]),
        ("budgets", [None]),
        ("budgets", [True]),
        ("budgets", [{}]),
        ("bins", "hard"),
        ("sampling", 3),
        ("problems", 5),
    ],
)
def test_a_value_of_a_wrong_kind_is_told_with_its_flag(key: str, value: Any) -> None:
    assert f"--{key}" in told(**{key: value})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "mapping of keys"),
        ("- a\n- b\n", "mapping of keys"),
        ("1: x\n", "mapping of keys"),
        ("title: a\ntitle: b\n", "second time"),
        ("sampling: {top_p: 1, top_p: 0.5}\n", "second time"),
        ("? [a, b]\n: 1\n", "not YAML"),
        ("title: [\n", "not YAML"),
        ("a: 1\n---\nb: 2\n", "not YAML"),
        ("title: !!python/object:os.system x\n", "not YAML"),
        ("title: \x00\n", "not YAML"),
        ("[" * 5000, "deep"),
    ],
)
def test_a_file_that_is_no_recipe_says_why(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "r.yaml"
    path.write_text(text)
    with pytest.raises(BadInput, match=said):
        read_parts(path)


@pytest.mark.parametrize("data", [b"\xff\xfet\x00", b"\x80\x81", b"PK\x03\x04\xff"])
def test_a_file_that_is_no_text_is_said(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "r.yaml"
    path.write_bytes(data)
    with pytest.raises(BadInput, match="UTF-8"):
        read_parts(path)


def test_a_folder_is_no_recipe(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="directory"):
        read_parts(tmp_path)


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_bytes(b"\xef\xbb\xbfproblems: arithmetic:5\nstrategies: single\n")
    assert read_parts(path)[""].strategies == ["single"]


@pytest.mark.parametrize("name", ["code_real", "code_monkeys"])
def test_a_recipe_on_programs_can_be_run(name: str) -> None:
    [part] = read_parts(RECIPES / f"{name}.yaml", model="openai:m").values()
    spec = part.spec()
    assert spec.baseline and len(spec.strategies) > 2
