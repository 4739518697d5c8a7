"""The same calls through the whole engine, and bare; a session that needs no server for them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

import aiohttp

from tts.backends.simulated import SimulatedGenerator
from tts.engine import Job, Session, SessionOptions, open_session
from tts.ledger import JobLeases, Ledger
from tts.strategies import MajorityVote
from tts.values import Budget, Problem, Result

DRAWS = 16
"""Of each run of the strategy."""
MAX_TOKENS = 64
ROOMY = Budget(tokens=1 << 40)
"""A ceiling that every call has to pass and none meets."""


def problem(number: int) -> Problem:
    """A question of an ordinary length."""
    story = "A train leaves the station and passes a mile post every ninety seconds. "
    return Problem(id=f"p{number}", prompt=f"{story * 3}How far is post {number}?")


def problems(count: int) -> list[Problem]:
    """Such questions, all different."""
    return [problem(number) for number in range(count)]


async def offline_session(*, concurrency: int = 512, success: float = 0.7) -> Session:
    """A simulated model, no verifier."""
    generator = SimulatedGenerator(success)
    return await open_session(
        SessionOptions(model=generator, verifier=None, concurrency=concurrency, adaptive=False)
    )


async def engine_calls(session: Session, ledger: Ledger, *, calls: int, in_flight: int) -> None:
    """`calls` draws by `majority_vote`: graph, keys, budget, limiter, wallet and ledger on disk."""
    numbers, leases = iter(range(calls // DRAWS)), JobLeases(ledger)
    async with (
        Job(session, name=ledger.job, journal=ledger, leases=leases, wallet=ROOMY) as job,
        asyncio.TaskGroup() as group,
    ):
        for _ in range(max(2, 2 * in_flight // DRAWS)):
            group.create_task(_work(job, numbers))


async def _work(job: Job, numbers: Iterator[int]) -> None:
    for number in numbers:
        result = await vote(job, problem(number))
        assert result.stopped_by == "done" and result.usage.calls == DRAWS, result


async def vote(job: Job, asked: Problem) -> Result:
    """A vote on one problem, of which nothing stays in memory."""
    await job.journal.load(asked.id)
    result = await job.solve(asked, MajorityVote(n=DRAWS), ROOMY)
    job.journal.forget(asked.id)
    return result


async def bare_calls(http: aiohttp.ClientSession, url: str, *, calls: int, in_flight: int) -> None:
    """The same requests by a pool of workers over aiohttp and json, and nothing else."""
    bodies = _bodies(calls)

    async def work() -> None:
        for body in bodies:
            async with http.post(f"{url}/chat/completions", json=body) as response:
                reply = json.loads(await response.read())
                assert reply["choices"][0]["message"]["content"]

    async with asyncio.TaskGroup() as group:
        for _ in range(in_flight):
            group.create_task(work())


def _bodies(calls: int) -> Iterator[dict[str, object]]:
    for asked in problems(calls // DRAWS):
        for seed in range(DRAWS):
            yield {
                "model": "simulated",
                "max_tokens": MAX_TOKENS,
                "messages": [{"role": "user", "content": asked.prompt}],
                "seed": seed,
            }
