"""What is known against a strategy with a model."""

from __future__ import annotations

from typing import Any

import pytest

from tts.backends.scripted import ScriptedGenerator
from tts.strategies import BeamSearch, DeepConf, MajorityVote, SelfRefine
from tts.strategies.parts.cautions import cautions, is_reasoning
from tts.values import Capabilities, Model


def model(name: str = "qwen2.5-7b", **capabilities: Any) -> ScriptedGenerator:
    return ScriptedGenerator([], model=Model(name=name), capabilities=Capabilities(**capabilities))


@pytest.mark.parametrize(
    ("name", "thinks"),
    [("deepseek-r1-distill-7b", True), ("o3-mini", True), ("gpt-4o", False), ("pro1-r12", False)],
)
def test_reasoning_models_are_known_by_name(name: str, thinks: bool) -> None:
    assert is_reasoning(model(name)) is thinks
    assert is_reasoning(model(name, reasoning=True))


def test_beam_search_on_a_reasoning_model_scales_inversely() -> None:
    [said] = cautions(BeamSearch(), model("qwq-32b"))
    assert "reasoning model" in said and cautions(BeamSearch(), model()) == ()


def test_a_missing_ability_is_said_with_its_consequence() -> None:
    [said] = cautions(DeepConf(), model())
    assert "logprobs" in said and "majority voting" in said
    assert cautions(DeepConf(), model(logprobs=True)) == ()


def test_what_always_holds_is_said_and_plain_methods_have_nothing_to_say() -> None:
    assert cautions(SelfRefine(), model()) and not cautions(MajorityVote(), model("o3"))
