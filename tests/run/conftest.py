from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from tts.engine import Job
from tts.ledger import MemoryJournal, MemoryLeases
from tts.values import Budget, Sampling


def _solved(
    lab: Any,
    strategy: Any,
    policy: Any,
    *,
    verifier: Any = None,
    models: Any = None,
    budget: Budget | None = None,
    journal: Any = None,
    name: str = "told",
    **how: Any,
) -> Any:
    """One strategy, or function, on the problem, in simulated time."""
    session = lab.session(policy, sampling=Sampling(max_tokens=24), **how)
    session = replace(session, generators={**session.generators, **(models or {})})
    session = replace(session, verifier=verifier or session.verifier)
    book = journal if journal is not None else MemoryJournal(job="lab")
    told = strategy if hasattr(strategy, "solve") else lab.Told(strategy, finish=closed, name=name)

    async def job() -> Any:
        await book.load(lab.problem.id)
        async with Job(session, name="lab", journal=book, leases=MemoryLeases()) as work:
            return await work.solve(lab.problem, told, budget)

    return lab.run(job())


async def closed(problem: Any, run: Any) -> None:
    """Nothing is drawn at the end."""


@pytest.fixture(scope="session")
def solved(lab: Any) -> Callable[..., Any]:
    """Runs one strategy, or function, on the laboratory's problem."""
    return partial(_solved, lab)
