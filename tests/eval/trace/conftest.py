"""Recorded runs to look at."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tts.answers import TASKS
from tts.backends.scripted import ScriptedGenerator, ScriptedScorer
from tts.engine import Engine
from tts.strategies import BeamSearch
from tts.values import Problem
from tts.verifiers import ProcessReward

HOSTILE = "</pre><script>alert(1)</script>\u202e{{7*7}}\x1b[31m"
PROBLEM = Problem(id=f"p {HOSTILE}", prompt="?", task="arithmetic")


def say(_: Any, prefix: str, index: int) -> str:
    if not prefix:
        return ["good\n\n", "bad\n\n", "good\n\n", f"odd {HOSTILE}\n\n"][index % 4]
    return "\\boxed{42}" if index % 2 else "\\boxed{13}"


@pytest.fixture
def recorded(tmp_path: Path) -> str:
    """A ledger with one beam search."""
    place = str(tmp_path / "ledger.db")
    scorer = ScriptedScorer({"good": 0.9, "bad": 0.2, "\\boxed{42}": 0.8}, default=0.1)
    verifier = ProcessReward(scorer, render=TASKS["arithmetic"].render, aggregate="last")

    async def record() -> None:
        async with Engine(ScriptedGenerator(say), verifier=verifier, ledger=place) as engine:
            await engine.solve(PROBLEM, strategy=BeamSearch(n=4, branching=4, rounds=3))

    asyncio.run(record())
    return place
