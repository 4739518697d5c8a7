"""Models and verifiers are opened by the names that a user writes."""

from __future__ import annotations

import pytest

from tts.backends.fault_server import FaultServer
from tts.backends.scripted import ScriptedGenerator
from tts.engine import Engine, SessionOptions
from tts.engine.model_spec import ModelSpec
from tts.engine.session import open_verifier
from tts.errors import UnknownName, UsageError
from tts.values import Model, Problem

POLICY = ScriptedGenerator(["Score: 5"], model=Model(name="policy"))
SOLVING = ScriptedGenerator(["2 + 3 = 5\n\n\\boxed{5}"], model=Model(name="policy"))


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        ("judge:self", "pointwise:policy"),
        ("self-evaluation", "true_or_false:policy"),
        ("gen-prm:self", "gen-prm:policy"),
        ("judge:simulated:0.5", "pointwise:simulated"),
    ],
)
async def test_a_judge_is_opened_by_its_name(spec: str, name: str) -> None:
    verifier = await open_verifier(SessionOptions(verifier=spec), POLICY)
    assert verifier is not None
    assert verifier.name == name


def test_options_stand_behind_the_name() -> None:
    spec = ModelSpec.parse(
        "a/b?dtype=float32&context=4096&eager=1", known=("dtype", "context", "eager")
    )
    assert (spec.name, spec.options["dtype"], spec.number("context")) == ("a/b", "float32", 4096.0)
    assert spec.flag("eager")


def test_a_name_alone_has_no_options() -> None:
    spec = ModelSpec.parse("folder", known=())
    assert (spec.name, spec.number("context"), spec.flag("eager")) == ("folder", None, False)


def test_an_unknown_option_is_refused() -> None:
    with pytest.raises(UsageError, match="known are dtype"):
        ModelSpec.parse("m?dtpye=x", known=("dtype",))


def test_a_number_must_be_one() -> None:
    with pytest.raises(UsageError, match="context=many"):
        ModelSpec.parse("m?context=many", known=("context",)).number("context")


@pytest.mark.parametrize(("route", "end"), [("pooling", "/pooling"), ("classify", "/classify")])
async def test_a_reward_model_behind_a_server_scores_candidates(route: str, end: str) -> None:
    async with FaultServer() as server:
        spec = f"vllm-server-prm:embedded/prm?url={server.url}&served=prm&route={route}"
        async with Engine(SOLVING, verifier=spec) as engine:
            result = await engine.solve(Problem(id="p", prompt="?"), strategy="best_of_n(n=2)")
        assert {seen.path.removeprefix("/v1/..") for seen in server.record.seen} == {end}
        assert b'"model":"prm"' in server.record.seen[0].body
    score = result.candidates[0].score
    assert score is not None and len(score.steps) == 2


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("embedded/prm", "url="),
        ("embedded/prm?url=http://x/v1&route=guess", "guess"),
        ("embedded/prm?url=http://x/v1&route=logprobs", "no label tokens"),
        ("embedded/prm?url=http://x/v1&family=nobody", "nobody"),
    ],
)
async def test_what_cannot_be_served_is_refused_with_a_reason(spec: str, said: str) -> None:
    with pytest.raises((UsageError, UnknownName), match=said):
        await open_verifier(SessionOptions(verifier=f"vllm-server-prm:{spec}"), SOLVING)


async def test_the_key_of_openai_is_not_sent_to_a_reward_model(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-theirs")
    async with FaultServer() as server:
        spec = f"vllm-server-prm:embedded/prm?url={server.url}&served=prm"
        async with Engine(SOLVING, verifier=spec) as engine:
            await engine.solve(Problem(id="p", prompt="?"), strategy="best_of_n(n=2)")
        assert {seen.authorization for seen in server.record.seen} == {""}
