"""`auto`, and calibrated policies by the name that the gateway gives them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openai
import pytest

from tests.gateway.conftest import key
from tts.backends.scripted import ScriptedGenerator
from tts.strategies.allocation.ladder import Ladder, Rung
from tts.strategies.allocation.policy import Policy

TURN: Any = [{"role": "user", "content": "What is six times seven?"}]


def policy(place: Path, n: int, models: dict[str, str] | None = None) -> Path:
    """A file that says: so many draws, and vote."""
    ladder = Ladder(rungs=(Rung(n=n),), select="majority")
    told = Policy(
        ladder=ladder, models=models or {}, target="best_of_n(n=16)", price=0, margin=0, problems={}
    )
    path = place / f"p{n}.json"
    told.write(path)
    return path


async def asked(place: Any, name: str) -> Any:
    return await place.client.chat.completions.create(model=f"scripted@{name}", messages=TURN)


async def test_auto_takes_models_and_verifier_as_they_are(opened: Any, lab: Any) -> None:
    place = await opened(lab.words("\\boxed{42}"), scores=lambda *_: 0.99)
    answer = await asked(place, "auto")
    assert answer.choices[0].message.content == "\\boxed{42}"
    assert answer.tts["strategy"] == "auto"
    assert answer.tts["spend"]["sample"]["calls"] == 1


async def test_a_policy_is_asked_for_by_its_name(opened: Any, tmp_path: Path) -> None:
    generator = ScriptedGenerator("\\boxed{42}")
    place = await opened(generator, policies={"cheap": policy(tmp_path, 2)})
    answer = await asked(place, "cheap")
    assert (answer.tts["strategy"], len(generator.requests)) == ("compute_optimal", 2)
    names = [model.id for model in (await place.client.models.list()).data]
    assert names[1] == "scripted@cheap"


async def test_a_policy_that_is_called_auto_stands_for_auto(opened: Any, tmp_path: Path) -> None:
    generator = ScriptedGenerator("\\boxed{42}")
    place = await opened(generator, policies={"auto": policy(tmp_path, 3)})
    assert (await asked(place, "auto")).tts["strategy"] == "compute_optimal"
    assert len(generator.requests) == 3


async def test_a_policy_that_was_fitted_with_another_model_is_refused_for_nothing(
    opened: Any, tmp_path: Path
) -> None:
    generator = ScriptedGenerator("\\boxed{42}")
    fitted = policy(tmp_path, 2, {"default": "qwen"})
    place = await opened(generator, policies={"cheap": fitted})
    with pytest.raises(openai.BadRequestError, match="fitted with 'qwen'"):
        await asked(place, "cheap")
    assert generator.requests == []


async def test_a_key_may_use_one_policy_and_nothing_else(opened: Any, tmp_path: Path) -> None:
    place = await opened(
        ScriptedGenerator("\\boxed{42}"),
        keys=[key(strategy="cheap", strategies=("cheap",))],
        policies={"cheap": policy(tmp_path, 2)},
    )
    answer = await place.client.chat.completions.create(model="scripted", messages=TURN)
    assert answer.tts["spend"]["sample"]["calls"] == 2
    with pytest.raises(openai.PermissionDeniedError):
        await asked(place, "majority_vote")
