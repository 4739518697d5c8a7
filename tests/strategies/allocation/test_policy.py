"""A policy file: it comes back as it was written, and refuses what it was not fitted for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tts.engine import parse_strategy, spell_strategy
from tts.errors import BadInput, UsageError
from tts.strategies.allocation.difficulty import Difficulty
from tts.strategies.allocation.ladder import Ladder, Rung
from tts.strategies.allocation.policy import Policy, prompt_digest, read_policy
from tts.values import Problem

PROBLEM = Problem(id="p", prompt="What is six times seven?")
LADDER = Ladder(
    rungs=(
        Rung(temperature=0.0, accept=0.8),
        Rung(model="large", temperature=0.0, accept=0.6),
        Rung(n=12, accept=0.8, abandon=0.1, patience=4, bins=(1, 2)),
    ),
    difficulty=Difficulty(weights={"best": 3.0}),
)
POLICY = Policy(
    ladder=LADDER,
    models={"default": "first 1", "large": "second"},
    verifier={"model": "prm", "revision": "x"},
    target="best_of_n(n=16)",
    price=1e-5,
    margin=0.005,
    problems={"train": (prompt_digest(PROBLEM.prompt),), "calibration": (), "held_out": ("ab",)},
)
MODELS = {"default": "first 1", "large": "second"}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    POLICY.write(tmp_path / "policy.json")
    return tmp_path / "policy.json"


def test_a_policy_comes_back_as_it_was_written(place: Path) -> None:
    assert read_policy(place) == POLICY and read_policy(place).digest == POLICY.digest


def test_the_digest_is_of_what_decides_a_run() -> None:
    other = POLICY.model_copy(update={"price": 1.0})
    changed = POLICY.model_copy(update={"ladder": Ladder(rungs=(Rung(),))})
    assert other.digest == POLICY.digest != changed.digest


def test_a_strategy_with_a_policy_is_spelled_with_the_digest_of_its_ladder(place: Path) -> None:
    strategy = parse_strategy(f"compute_optimal(policy={place})")
    assert strategy.parameters == {"policy": str(place), "digest": POLICY.digest}
    assert parse_strategy(spell_strategy(strategy)).parameters == strategy.parameters


def test_a_policy_that_was_fitted_again_is_not_taken_for_the_old_one(place: Path) -> None:
    with pytest.raises(UsageError, match="not 0123: it was fitted again"):
        parse_strategy(f"compute_optimal(policy={place}, digest='0123')")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Invalid JSON"),
        ("[1]", "no policy of version 2"),
        ('{"version": 3}', "version: Input should be 1 or 2"),
        (POLICY.model_dump_json().replace('"accept":0.8', '"accept":8', 1), "rungs.0.accept"),
        (POLICY.model_dump_json()[:-1] + ', "more": 1}', "more: Extra inputs"),
    ],
)
def test_a_file_that_is_no_policy_is_one_clear_line(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "bad.json").write_text(text)
    with pytest.raises(BadInput, match=said) as caught:
        parse_strategy(f"compute_optimal(policy={tmp_path}/bad.json)")
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"none\.json: No such file"):
        read_policy(tmp_path / "none.json")
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe")
    with pytest.raises(BadInput, match="not UTF-8"):
        read_policy(tmp_path / "bytes.json")


def test_problems_that_it_was_fitted_on_are_refused_and_others_are_not() -> None:
    POLICY.refuse_problems([Problem(id="q", prompt="Another one")])
    with pytest.raises(UsageError, match="fitted on 1 of these problems, 'p' first"):
        POLICY.refuse_problems([Problem(id="q", prompt="Another one"), PROBLEM])


@pytest.mark.parametrize(
    ("models", "verifier", "said"),
    [
        ({"default": "first 1"}, POLICY.verifier, "asks a model 'large'"),
        ({**MODELS, "default": "first 2"}, POLICY.verifier, "fitted with 'first 1'"),
        (MODELS, {"model": "other"}, "fitted with the verifier"),
        (MODELS, None, "not with none"),
    ],
)
def test_other_models_and_verifiers_are_refused(models: Any, verifier: Any, said: str) -> None:
    POLICY.refuse_models(MODELS, POLICY.verifier)
    with pytest.raises(UsageError, match=said):
        POLICY.refuse_models(models, verifier)


def test_a_run_with_other_models_is_refused_before_anything_is_sent(
    forest: Any, place: Path
) -> None:
    policy = forest.lab.words(lambda *_: "\\boxed{1}")
    with pytest.raises(UsageError, match="not with 'scripted': fit one for it"):
        forest.grow(parse_strategy(f"compute_optimal(policy={place})"), policy=policy)
    assert policy.requests == []
