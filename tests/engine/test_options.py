"""What cannot be an argument of the SDK is one error in the user's words, before anything opens."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.backends.scripted import ScriptedGenerator
from tts.engine import Engine, SessionOptions
from tts.engine.engine import LONGEST_ID, problem_id
from tts.errors import UsageError
from tts.values import Score


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"model": 3}, "backend:model"),
        ({"model": ScriptedGenerator}, "object with `generate`"),
        ({"verifier": 3}, "object with `score`"),
        ({"models": ["a"]}, "models"),
        ({"models": {"judge": 3}}, "models"),
        ({"sampling": 0.5}, "sampling"),
        ({"concurrency": 0}, "concurrency=0"),
        ({"concurrency": True}, "concurrency=True"),
        ({"timeout": "soon"}, "timeout"),
        ({"retries": -1}, "retries=-1"),
        ({"base_url": "localhost:8000"}, "--base-url"),
        ({"base_url": "http://"}, "--base-url"),
        ({"base_url": "http://[::1"}, "--base-url"),
        ({"base_url": "http://host:99999"}, "--base-url"),
        ({"api_key_env": "NOT_SET_ANYWHERE"}, "NOT_SET_ANYWHERE"),
        ({"temprature": 1}, "no option 'temprature'"),
        ({"concurency": 1}, "did you mean concurrency"),
        ({"ledger": 3}, "ledger"),
    ],
)
def test_an_engine_of_what_cannot_be_is_refused_by_the_name_of_the_option(
    options: dict[str, Any], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        Engine(**options)


def test_a_named_key_that_is_set_is_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "secret")
    monkeypatch.setenv("OPENAI_API_KEY", "another")
    assert SessionOptions(api_key_env="MY_KEY").key() == "secret"
    assert SessionOptions().key() == "another"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"problem": None}, "a text or a tts.Problem, not None"),
        ({"problem": 5}, "not 5"),
        ({"problem": " "}, "empty"),
        ({"problem": "half \ud83d"}, "surrogate"),
        ({"budget": 5}, "not 5"),
        ({"budget": []}, "a budget"),
        ({"strategy": 3}, "The strategy 3"),
        ({"strategy": None}, "The strategy None"),
        ({"strategy": Score}, "without name"),
        ({"replicate": "first"}, "replicate='first'"),
        ({"observe": 3}, "observe=3"),
    ],
)
async def test_a_solve_of_what_cannot_be_is_refused(given: dict[str, Any], said: str) -> None:
    async with Engine(ScriptedGenerator(lambda *_: "\\boxed{1}"), verifier=None) as engine:
        with pytest.raises(UsageError, match=f"(?i){said}"):
            await engine.solve(**{"problem": "1 + 1", **given})


class Judge:
    """A verifier whose score is whatever a function gives."""

    name, identity = "mine", "mine"

    def __init__(self, score: Any) -> None:
        self.score = score


@pytest.mark.parametrize(
    ("score", "said"),
    [
        (lambda candidate, run: 0.5, "'mine'.*float, not a node"),
        (lambda candidate, run: run.call(lambda _: 0.5, candidate), "'mine'.*float, not a Score"),
    ],
)
async def test_a_verifier_that_gives_no_score_is_told_what_to_return(score: Any, said: str) -> None:
    model = ScriptedGenerator(lambda *_: "\\boxed{1}")
    async with Engine(model, verifier=Judge(score)) as engine:
        with pytest.raises(Exception, match=said):
            await engine.solve("1 + 1", strategy="best_of_n(n=2)")


async def test_a_verifier_that_raises_takes_no_answer_with_it() -> None:
    model = ScriptedGenerator(lambda *_: "\\boxed{1}")
    async with Engine(model, verifier=Judge(lambda candidate, run: 1 / 0)) as engine:
        result = await engine.solve("1 + 1", strategy="best_of_n(n=2)")
    assert (result.answer, result.stopped_by) == ("1", "incomplete")
    assert any("'mine' raised ZeroDivisionError" in reason for reason in result.missing)


def test_long_prompts_with_one_beginning_are_two_problems() -> None:
    beginning = "x" * LONGEST_ID
    assert problem_id(beginning + "a") != problem_id(beginning + "b")


@given(st.text(max_size=500))
def test_an_id_is_never_longer_than_the_ledger_likes(prompt: str) -> None:
    assert len(problem_id(prompt)) <= LONGEST_ID
