"""The work that the ledger of version 0.1.0 beside this file holds, and that replays it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from tts.answers import TASKS
from tts.backends.scripted import ScriptedScorer
from tts.backends.simulated import SimulatedSteps
from tts.engine import Job, SessionOptions, open_session
from tts.errors import Unavailable
from tts.ledger import JobLeases, Ledger
from tts.strategies import BeamSearch, BestOfN, FirstFinish, MajorityVote
from tts.values import Budget, Problem
from tts.verifiers import ProcessReward

JOB = "golden"
PROBLEMS = [Problem(id=f"p{i}", prompt=f"Question {i}?") for i in range(3)]
GRID: Sequence[tuple[Any, Budget | None]] = [
    (MajorityVote(n=6), None),
    (MajorityVote(n=6), Budget(tokens=260)),
    (BestOfN(n=4), None),
    (BeamSearch(n=4, branching=2), None),
    (FirstFinish(n=4), None),
]


def quality(_: Any, steps: Sequence[str], place: int) -> float:
    """Any fixed score that differs between steps."""
    return sum(map(ord, steps[place])) % 97 / 97


class Flaky(SimulatedSteps):
    """Every fifth request fails once, as a server does that is overloaded for a moment."""

    async def generate(self, request: Any, meter: Any, listener: Any = None) -> Any:
        if len(self.requests) % 5 == 3:
            self.requests.append(request)
            raise Unavailable("overloaded")
        return await super().generate(request, meter, listener)


async def solved(
    place: str, model: SimulatedSteps, heard: Callable[[Any], None] = lambda _: None
) -> list[Any]:
    """Every cell of the grid: answer, stop, attributed use and candidates with their scores.

    `heard` is told each result.
    """
    scorer = ScriptedScorer(quality)
    options = SessionOptions(
        model=model,
        verifier=ProcessReward(scorer, render=TASKS["plain"].render),
        sampling={"max_tokens": 64},
    )
    session = await open_session(options)
    found = []
    async with Ledger.open(place, job=JOB) as ledger:
        work = Job(session, name=JOB, journal=ledger, leases=JobLeases(ledger))
        async with work:
            for problem in PROBLEMS:
                await ledger.load(problem.id)
                for strategy, budget in GRID:
                    result = await work.solve(problem, strategy, budget)
                    heard(result)
                    found.append(seen(result))
    await session.close()
    assert not scorer.requests or model.requests
    return found


def seen(result: Any) -> Any:
    kept = [
        (one.candidate.key, one.candidate.text, one.score and one.score.value)
        for one in result.candidates
    ]
    return [result.answer, result.stopped_by, result.usage.tokens, result.usage.calls, kept]
