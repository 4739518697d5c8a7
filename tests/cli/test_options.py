"""Every key is a flag, and a flag reaches what it is named for."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.main import get_command

from tts.cli.app import app
from tts.cli.options import flags_of, several
from tts.engine import Engine, SessionOptions
from tts.errors import BadInput
from tts.eval.recipe import ModelKeys, Recipe, read_parts, recipe_of
from tts.eval.spec import ComparisonSpec

PLAIN: dict[str, Any] = {"problems": "arithmetic:5", "strategies": ["single"]}


SAMPLED = {"temperature", "max-tokens"}
SHORT = {"rpm", "tpm"}
WORKED = {"workers", "on"}
REPORTED = {"ledger", "job", "out", "retry-failed", "cost-axis", "junit", "json", *WORKED}
NO_KEY = {
    "job submit": {"recipe", "part", "ledger", "job", "out", "bin", *SAMPLED, *SHORT},
    "compare": {"recipe", "part", "bin", *REPORTED, *SAMPLED, *SHORT},
    "estimate": {
        "recipe",
        "part",
        "bin",
        "graph",
        "pilot",
        "ledger",
        "job",
        "json",
        *SAMPLED,
        *SHORT,
    },
    "eval": {"strategy", "budget", "bin", *REPORTED, *SAMPLED, *SHORT},
    "run": {"problem", "strategy", "budget", "ledger", "seed", "json", *SAMPLED, *SHORT},
    "plan": {
        *("task", "tools", "mcp", "trust-mcp", "budget", "ledger", "form", "mermaid", "run", "yes"),
        *("optimise", "html", "json"),
    },
    "tune": {
        *("model", "workload", "budget-trials", "study", "problems", "repeats"),
        *("idealized", "out"),
    },
    "serve": {
        *("host", "port", "keys", "ledger", "strategy", "policy", "task"),
        *("most-choices", "most-bytes", "in-flight", *SAMPLED, *SHORT),
    },
    "prices list": {"pattern"},
    "prices show": {"model"},
    "prices update": {"file", "out"},
    "doctor": {"ledger", "json"},
    "swe select": {
        *("candidates", "problems", "repos", "out", "instance", "i", "min-isolation", "workers"),
        *("j", "strategy", "budget", "ledger", "judged", "json"),
    },
    "replay": {
        *("files", "strategy", "controller", "budget", "k", "task", "orders", "seed", "json"),
        *("problems", "fit", "field", "metrics", "write", "out", "tests", "executions", "inputs"),
        "repairs",
    },
    "allocate": {
        *("file", "budget", "select", "probe", "parameters", "task", "problems", "field", "seed"),
        *("write", "json"),
    },
    "demonstrations": {
        *("problems", "strategy", "budget", "test", "judge", "worth", "ledger", "out"),
        *(*SAMPLED, *SHORT),
    },
    "exchange": {
        *("small", "large", "times", "ratio", "task", "problems", "field", "seed", "json"),
    },
    "cascade": {
        *("files", "at", "signal", "cost", "depth", "task", "problems", "field", "seed", "json"),
    },
}
"""Flags and arguments that are no key of a recipe: what a command is about, and where it writes."""
NO_FLAG = {
    "eval": {"strategies", "budgets", "baseline"},
    "demonstrations": {"demonstrations"},
}
"""Keys that a command has no flag for; `tts eval` takes one strategy and one budget, and what makes
demonstrations takes none."""


def commands() -> dict[str, Any]:
    """Every command by its name, those of a group with the group's in front."""
    found: dict[str, Any] = dict(get_command(app).commands)  # type: ignore[attr-defined]
    groups = {name: one.commands for name, one in found.items() if hasattr(one, "commands")}
    inner = {f"{group} {name}": one for group, own in groups.items() for name, one in own.items()}
    return found | inner


def flags(command: str) -> set[str]:
    return {option.lstrip("-") for one in commands()[command].params for option in one.opts}


def dashed(names: Any) -> set[str]:
    return {name.replace("_", "-") for name in names}


@pytest.mark.parametrize(
    ("command", "keys"),
    [
        ("compare", Recipe.model_fields),
        ("estimate", Recipe.model_fields),
        ("job submit", Recipe.model_fields),
        ("eval", Recipe.model_fields),
        ("run", ModelKeys.model_fields),
        ("plan", ["model", "base_url", "api_key_env"]),
        ("tune", ["base_url", "api_key_env", "verifier", "corpus", "retriever"]),
        ("serve", ModelKeys.model_fields),
        ("demonstrations", ModelKeys.model_fields),
        ("prices list", ["prices"]),
        ("prices show", ["prices"]),
        ("prices update", ["prices"]),
        ("doctor", ["base_url", "api_key_env", "model"]),
        ("swe select", ["model", "models", "base_url", "api_key_env", "prices"]),
        ("replay", ["prices"]),
        ("cascade", ["prices"]),
        ("exchange", ["prices"]),
        ("allocate", ["prices"]),
    ],
)
def test_the_flags_of_a_command_are_its_keys_and_nothing_else(command: str, keys: Any) -> None:
    assert flags(command) - NO_KEY[command] == dashed(keys) - NO_FLAG.get(command, set())


def test_every_command_that_takes_an_option_of_the_engine_is_looked_at() -> None:
    own = dashed(ModelKeys.model_fields)
    told = {"job retune", "swe grade"}
    assert {name for name in commands() if flags(name) & own} == {*NO_KEY, *told}


def test_the_keys_of_a_recipe_are_the_options_of_engine_and_comparison() -> None:
    spelled = [one.name for kind in (SessionOptions, ComparisonSpec) for one in fields(kind)]
    assert sorted(Recipe.model_fields) == sorted(set(spelled) - {"options"})
    assert list(ModelKeys.model_fields) == [one.name for one in fields(SessionOptions)]


def test_what_an_option_is_without_a_flag_is_what_it_is_without_a_key_or_a_keyword() -> None:
    assert ModelKeys().options() == SessionOptions() == Engine().options
    given = recipe_of(PLAIN).spec()
    assert given == ComparisonSpec(
        title=given.title,
        problems=given.problems,
        strategies=given.strategies,
        budgets=given.budgets,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [("concurrency", 0), ("timeout", 0), ("retries", -1), ("tokens_per_minute", 0)],
)
def test_a_bound_holds_for_the_keyword_and_for_the_key(name: str, value: int) -> None:
    with pytest.raises(BadInput, match=name):
        SessionOptions(**{name: value})  # type: ignore[arg-type]
    with pytest.raises(BadInput, match=name.replace("_", "-")):
        recipe_of({**PLAIN, name: value})


def test_every_key_says_what_it_is() -> None:
    assert [name for name, field in Recipe.model_fields.items() if not field.description] == []


def given(*arguments: str) -> dict[str, Any]:
    """What a command of these flags is handed."""
    found: list[dict[str, Any]] = []
    program = typer.Typer()

    @program.command()
    @flags_of(Recipe)
    def command(options: dict[str, Any]) -> None:
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


def test_lists_are_given_with_commas_or_again_and_again() -> None:
    assert given("--bin", "1,2", "--bin", "4") == {"bins": [1, 2, 4]}
    assert given("--sampling", "top_p=0.9,top_k=3") == {"sampling": {"top_p": 0.9, "top_k": 3}}
    assert given("--sampling", "stop=[a,b]") == {"sampling": {"stop": ["a", "b"]}}
    assert several(["single, majority_vote(n=2, temperature=1)", "x"]) == [
        "single",
        "majority_vote(n=2, temperature=1)",
        "x",
    ]


def test_what_is_no_number_is_told_how_lists_are_given() -> None:
    with pytest.raises(BadInput, match="--bins takes whole numbers, as 1,2 or repeated"):
        given("--bin", "1,x")


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


def test_the_flags_are_known_without_the_engine() -> None:
    heavy = "{'tts.engine', 'tts.run', 'tts.executor', 'tts.ledger', 'sqlalchemy', 'numpy'}"
    asked = f"import sys, tts.cli.app; print(*({heavy} & set(sys.modules)))"
    assert subprocess.check_output([sys.executable, "-c", asked]).split() == []
