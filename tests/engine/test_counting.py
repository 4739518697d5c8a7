"""What the ledger says was used is what the server counted (row B6 of the reliability bar)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tts.backends.fault_server import Fault, FaultPlan, FaultServer
from tts.engine import Engine
from tts.eval.bench.measuring import billed
from tts.values import Budget

MIX = (Fault(kind="status", status=503), Fault(kind="status", status=429))


@pytest.mark.parametrize("strategy", ["majority_vote(n=24)", "first_finish(n=8, m=8)"])
@pytest.mark.parametrize("rate", [0.0, 0.2])
async def test_the_tokens_of_a_ledger_are_those_that_the_server_counted(
    tmp_path: Path, strategy: str, rate: float
) -> None:
    plan = FaultPlan(dialect="openai", words=20, rate=rate, mix=MIX if rate else (), seed=4)
    place = tmp_path / "ledger.db"
    async with FaultServer(plan) as server:
        engine = Engine(
            "openai:simulated", verifier=None, base_url=server.url, ledger=place, retries=6
        )
        async with engine:
            await engine.solve("What is 6 times 7?", strategy=strategy, budget=Budget(calls=40))
        assert billed(place).tokens == server.record.tokens
        answered, listed = server.record.requests - server.record.faults["status"], 1
        assert billed(place).calls == answered + listed
