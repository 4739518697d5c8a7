"""One of the processes that share a ledger and a wallet."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from random import Random

from tts.engine import Job, SessionOptions, open_session
from tts.eval.bench.metered_generator import MeteredGenerator
from tts.ledger import JobLeases, Ledger
from tts.strategies import MajorityVote
from tts.values import Budget, Problem

PROBLEMS, DRAWS, MAX_TOKENS = 200, 16, 100


async def spend(place: Path, number: int, cap: int) -> None:
    """Draw for this process's problems until the wallet ends."""
    generator = MeteredGenerator(Random(number).randint(20, MAX_TOKENS))
    session = await open_session(
        SessionOptions(
            model=generator, verifier=None, concurrency=64, sampling={"max_tokens": MAX_TOKENS}
        )
    )
    async with Ledger.open(place, job="bench") as ledger:
        leases = JobLeases(ledger)
        wallet = Budget(tokens=cap)
        async with Job(session, name="bench", journal=ledger, leases=leases, wallet=wallet) as job:
            window = asyncio.Semaphore(16)

            async def solve(index: int) -> str:
                async with window:
                    problem = Problem(id=f"{number}-{index}", prompt=f"{number} {index}")
                    await ledger.load(problem.id)
                    return (await job.solve(problem, MajorityVote(n=DRAWS))).stopped_by

            stops = await asyncio.gather(*[solve(index) for index in range(PROBLEMS)])
    await session.close()
    assert "suspended" in stops, "The wallet did not end."


if __name__ == "__main__":
    asyncio.run(spend(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
