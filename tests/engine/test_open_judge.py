from __future__ import annotations

import pytest

from tts.backends.scripted import ScriptedGenerator
from tts.engine import SessionOptions
from tts.engine.open_verifier import open_verifier
from tts.values import Model

POLICY = ScriptedGenerator(["Score: 5"], model=Model(name="policy"))


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
