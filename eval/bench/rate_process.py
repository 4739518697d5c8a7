"""One of the processes that share a ledger and a rate per minute."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tts.engine import Job, SessionOptions, open_session
from tts.eval.bench.metered_generator import PROMPT, MeteredGenerator
from tts.ledger import JobLeases, Ledger
from tts.strategies import MajorityVote
from tts.values import Problem

MAX_TOKENS = 80
WORST = PROMPT + MAX_TOKENS
CALLS_PER_MINUTE, TOKENS_PER_MINUTE = 4800, 4320 * WORST
"""Both bind: by tokens, nine calls out of ten that the other rate would let leave."""

PROBLEMS, DRAWS = 25, 10


async def draw(place: Path, number: int) -> None:
    """Draw for this process's problems, all at once, as fast as the rate lets it."""
    options = SessionOptions(
        model=MeteredGenerator(MAX_TOKENS),
        verifier=None,
        sampling={"max_tokens": MAX_TOKENS},
        requests_per_minute=CALLS_PER_MINUTE,
        tokens_per_minute=TOKENS_PER_MINUTE,
    )
    session = await open_session(options)
    async with Ledger.open(place, job="bench") as ledger:
        leases = JobLeases(ledger)
        async with Job(session, name="bench", journal=ledger, leases=leases) as job:
            problems = [
                Problem(id=f"{number}-{i}", prompt=f"{number} {i}") for i in range(PROBLEMS)
            ]
            await asyncio.gather(*[job.solve(one, MajorityVote(n=DRAWS)) for one in problems])
    await session.close()


if __name__ == "__main__":
    asyncio.run(draw(Path(sys.argv[1]), int(sys.argv[2])))
