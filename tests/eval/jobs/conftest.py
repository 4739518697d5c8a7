from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from sqlalchemy import text

from tts.eval.bench.processes import ServerProcess
from tts.eval.jobs import submission, submit
from tts.eval.recipe import recipe_of
from tts.ledger import Controls, Questions
from tts.ledger.connect import connect


class Submitted(msgspec.Struct):
    """A job of votes on a server that takes its time, on the ledger at a place."""

    place: str
    job: str = "job"

    @property
    def ended(self) -> int:
        """Runs that have ended."""
        questions = Questions.open(self.place)
        counts = {found.job: found.ended for found in questions.jobs()}
        questions.close()
        return counts.get(self.job, 0)

    @property
    def paid(self) -> tuple[int, int]:
        """Calls with a settled attempt, and those of them with more than one; probes apart."""
        query = (
            "SELECT COUNT(*), COALESCE(SUM(CASE WHEN n > 1 THEN 1 ELSE 0 END), 0) FROM (SELECT key, "
            "COUNT(*) AS n FROM attempts WHERE state = 'settled' AND role <> 'probe' GROUP BY key) t"
        )
        engine = connect(self.place)
        with engine.connect() as connection:
            once, twice = connection.execute(text(query)).one()
        engine.dispose()
        return int(once), int(twice)

    @property
    def over(self) -> bool:
        controls = Controls.of(self.place)
        try:
            return controls.named(self.job).ended_at is not None
        finally:
            controls.close()


@pytest.fixture
def submitted(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Submitted]:
    monkeypatch.chdir(tmp_path)

    def queue(server: ServerProcess, place: str, problems: int, **keys: Any) -> Submitted:
        plain: dict[str, Any] = {
            "model": "openai:simulated",
            "base_url": server.url,
            "problems": f"arithmetic:{problems}",
            "strategies": ["majority_vote(n=4)"],
            "verifier": "none",
            "concurrency": 8,
        }
        controls = Controls.open(place)
        submit(controls, submission(recipe_of(plain | keys), job="job"))
        controls.close()
        return Submitted(place)

    return queue


def until(true: Callable[[], object], seconds: float = 240.0) -> None:
    """Wait for something; AssertionError where it does not come, on a busy machine either."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)


@pytest.fixture
def waiting() -> Callable[..., None]:
    return until
