"""Every key is a flag, and a flag reaches what it is named for."""

from __future__ import annotations

from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.main import get_command

from tts.cli.app import app
from tts.cli.options import flags_of
from tts.engine import SessionOptions
from tts.errors import BadInput
from tts.eval.recipe import ModelKeys, Recipe, read_parts, recipe_of

PLAIN: dict[str, Any] = {"problems": "arithmetic:5", "strategies": ["single"]}


def flags(command: str) -> set[str]:
    found = get_command(app).commands[command]  # type: ignore[attr-defined]
    return {option.lstrip("-") for one in found.params for option in one.opts}


def dashed(names: Any) -> set[str]:
    return {name.replace("_", "-") for name in names}


@pytest.mark.parametrize("command", ["run", "eval", "compare", "estimate"])
def test_every_field_of_the_session_options_is_a_flag(command: str) -> None:
    assert dashed(one.name for one in fields(SessionOptions)) <= flags(command)


@pytest.mark.parametrize("command", ["compare", "estimate"])
def test_every_key_of_a_recipe_is_a_flag(command: str) -> None:
    assert dashed(Recipe.model_fields) <= flags(command)


def test_the_keys_and_the_session_options_have_the_same_names_and_defaults() -> None:
    defaults = {
        one.name: one.default if one.default_factory is MISSING else one.default_factory()
        for one in fields(SessionOptions)
    }
    assert {name: getattr(ModelKeys(), name) for name in ModelKeys.model_fields} == defaults


def test_every_key_says_what_it_is() -> None:
    assert [name for name, field in Recipe.model_fields.items() if not field.description] == []


def given(*arguments: str) -> dict[str, Any]:
    """What a command of these flags is handed."""
    found: list[dict[str, Any]] = []
    program = typer.Typer()

    @program.command()
    @flags_of(Recipe)
    def only(options: dict[str, Any]) -> None:
        found.append(options)

    get_command(program).main(list(arguments), standalone_mode=False)
    return found[0]


def test_only_flags_that_were_given_reach_the_command() -> None:
    assert given("--window", "3", "--no-adaptive") == {"window": 3, "adaptive": False}


def test_mappings_are_given_name_by_name() -> None:
    told = given("--models", "judge=openai:m", "--sampling", "top_p=0.9", "--temperature", "0.5")
    assert told == {
        "models": {"judge": "openai:m"},
        "sampling": {"top_p": 0.9, "temperature": 0.5},
    }


@pytest.mark.parametrize("text", ["top_p", "=1", "top_p=[", "a=1 --sampling a=2"])
def test_a_mapping_that_cannot_be_read_is_told_with_its_flag(text: str) -> None:
    with pytest.raises(BadInput, match="--sampling"):
        given("--sampling", *text.split(" "))


def test_a_flag_of_a_mapping_leaves_the_other_keys_of_the_recipe(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text("problems: arithmetic:5\nstrategies: [single]\nsampling: {max_tokens: 9}\n")
    [recipe] = read_parts(path, sampling={"temperature": 0.5}).values()
    assert recipe.sampling == {"max_tokens": 9, "temperature": 0.5}


def test_strategies_in_one_text_are_several() -> None:
    found = recipe_of({**PLAIN, "strategies": ["single, majority_vote(n=2)", "best_of_n(n=3)"]})
    assert found.strategies == ["single", "majority_vote(n=2)", "best_of_n(n=3)"]


def test_a_comma_inside_brackets_splits_no_strategy_not_even_in_yaml(tmp_path: Path) -> None:
    path = tmp_path / "r.yaml"
    path.write_text(
        "problems: arithmetic:5\nstrategies: [majority_vote(n=2, temperature=0.5), single]\n"
    )
    [recipe] = read_parts(path).values()
    assert recipe.strategies == ["majority_vote(n=2, temperature=0.5)", "single"]
