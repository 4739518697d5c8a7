from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tts.ledger import Ledger
from tts.protocols import CallRow, IntentRow, RunRow, SettledRow, UseRow
from tts.values import Usage

FRESH = {"fresh_tokens": 500, "fresh_flops": 10**16, "fresh_nanodollars": 1000}
SPENT = Usage(
    calls=1, prompt_tokens=300, completion_tokens=200, nanodollars=1000, flops=10**16, **FRESH
)
WORST = Usage(
    calls=1, prompt_tokens=300, completion_tokens=512, nanodollars=5000, flops=10**17, **FRESH
)


class Rows:
    """Rows of one job with sensible values; every field can be given."""

    spent, worst, job = SPENT, WORST, "job"

    def call(self, key: str, **given: Any) -> CallRow:
        fields = {"job": self.job, "problem_id": "p", "operation": "sample", "version": "1"}
        fields |= {"role": "sample", "model": "m", "revision": "", "input_hash": "h"}
        fields |= {"parent_key": "", "index": 0, "content": b"{}", "usage": SPENT}
        return CallRow(**{**fields, "key": key, **given})

    def intent(self, attempt: str, **given: Any) -> IntentRow:
        fields = {"job": self.job, "key": attempt, "run_id": "r", "number": 0, "role": "sample"}
        fields |= {"model": "m", "worst": WORST, "started_at": 1.5, "queued_s": 0.25}
        return IntentRow(**{**fields, "attempt": attempt, **given})

    def settled(self, attempt: str, **given: Any) -> SettledRow:
        fields = {"job": self.job, "state": "settled", "billed": SPENT, "latency_s": 0.5}
        return SettledRow(**{**fields, "attempt": attempt, **given})

    def use(self, node: str, **given: Any) -> UseRow:
        fields = {"job": self.job, "run_id": "r", "key": node, "role": "sample", "at": 2.0}
        fields |= {"name": "sample", "inputs": "", "origin": "made", "attributed": SPENT}
        return UseRow(**{**fields, "node": node, **given})

    def run(self, run_id: str = "r", **given: Any) -> RunRow:
        fields = {"job": self.job, "problem_id": "p", "strategy": '{"name":"best_of_n"}'}
        fields |= {"budget": "{}", "replicate": 0}
        return RunRow(**{**fields, "run_id": run_id, **given})


@pytest.fixture(scope="session")
def rows() -> Rows:
    return Rows()


@pytest.fixture
def sqlite_place(tmp_path: Path) -> str:
    return str(tmp_path / "ledger.db")


@pytest.fixture(params=["sqlite_place", "postgres_place"])
def place(request: pytest.FixtureRequest) -> str:
    """Where a ledger is kept: each kind of database in turn."""
    found: str = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def opened(place: str) -> Callable[..., Ledger]:
    """Opens a ledger of the test's place; the test closes it."""

    def open_ledger(job: str = "job", **options: Any) -> Ledger:
        return Ledger.open(place, job=job, **{"patience": 5.0, **options})

    return open_ledger


Opener = Callable[..., Ledger]
Step = Callable[[Ledger], Awaitable[None]]
