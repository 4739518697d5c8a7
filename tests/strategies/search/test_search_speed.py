"""No search waits for what it does not need."""

from __future__ import annotations

import asyncio
from typing import Any

from tts.backends.fault_server.plan import Latency
from tts.backends.simulated import SimulatedScorer, SimulatedSteps
from tts.engine import Job
from tts.ledger import MemoryJournal, MemoryLeases
from tts.strategies import BeamSearch
from tts.values import Problem


class Clocked:
    """Notes when each request of a question began and ended, by depth."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.taken: dict[tuple[str, int], float] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def generate(self, request: Any, meter: Any, listener: Any = None) -> Any:
        return await self._timed(
            request.messages, request.prefix.count("\n\n"), "generate", request, meter
        )

    async def score_steps(self, request: Any, meter: Any) -> Any:
        return await self._timed(
            request.messages, len(request.steps) - 1, "score_steps", request, meter
        )

    async def _timed(self, messages: Any, depth: int, what: str, request: Any, meter: Any) -> Any:
        loop = asyncio.get_running_loop()
        began = loop.time()
        reply = await getattr(self.inner, what)(request, meter)
        key = (messages[-1].content, depth)
        self.taken[key] = max(self.taken.get(key, 0.0), loop.time() - began)
        return reply


def test_problems_run_side_by_side_in_the_time_of_their_slowest_drafts_and_scores(
    forest: Any, lab: Any
) -> None:
    latency = Latency(kind="lognormal", median=1.0, sigma=0.8)
    policy = Clocked(SimulatedSteps(least=4, most=4, latency=latency))
    scorer = Clocked(SimulatedScorer(latency=latency))
    problems = [Problem(id=str(i), prompt=f"Question {i}", task="arithmetic") for i in range(8)]

    async def all_of_them() -> float:
        session = forest.session(policy, scorer)
        book = MemoryJournal(job="lab")
        async with Job(session, name="lab", journal=book, leases=MemoryLeases()) as job:
            search = BeamSearch(n=8, branching=4)
            await asyncio.gather(*(job.solve(problem, search) for problem in problems))
        return asyncio.get_running_loop().time()

    wall = lab.run(all_of_them())
    ideal = max(
        sum(
            seconds
            for clocked in (policy, scorer)
            for (asked, _), seconds in clocked.taken.items()
            if asked == problem.prompt
        )
        for problem in problems
    )
    assert wall <= 1.001 * ideal
