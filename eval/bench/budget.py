"""`budget`: ceilings that hold under any concurrency, in one process and in several.

As a program, this file is one of the processes that share a wallet or a rate.
"""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Literal

from msgspec import Struct

from tts.budget import Account, AdmissionQueue, CallbackTicket, Ticket
from tts.engine import Job, SessionOptions, open_session
from tts.eval.bench.measuring import billed
from tts.eval.bench.report import Row, at_least, at_most, exactly
from tts.ledger import JobLeases, Ledger, MemoryJournal, MemoryLeases
from tts.ledger.rate_windows import SECONDS
from tts.protocols import GenerateReply, GenerateRequest, Meter, TextListener
from tts.strategies import MajorityVote
from tts.values import Budget, Capabilities, Completion, Message, Model, Problem, Result, Usage

PROMPT, MAX_TOKENS = 20, 100
"""Tokens of every prompt, and the most of a reply."""
WORST = PROMPT + MAX_TOKENS
CALLS, DRAWS = 10, 256
PROCESSES, RUNS = 8, 3
SHARED_CAP = 1000 * WORST
RATE_TOKENS = 80
"""Of every reply under the shared rate."""
RATE_WORST = PROMPT + RATE_TOKENS
CALLS_PER_MINUTE, TOKENS_PER_MINUTE = 4800, 4320 * RATE_WORST
"""Both bind: by tokens, nine calls out of ten that the other rate would let leave."""
SIZES, TICKET = (1_000, 10_000, 100_000), 30.0
"""Tickets of a queue, and the microseconds that one may cost however many there are."""
Shared = Literal["wallet", "rate"]


class MeteredGenerator:
    """Answers after some milliseconds, with `reply_tokens` tokens and always an answer."""

    model = Model(name="metered", parameters=0)
    capabilities = Capabilities(seed=True, keeps_stop=True)

    def __init__(self, reply_tokens: int, *, seconds: float = 0.005) -> None:
        self.reply_tokens, self.seconds = reply_tokens, seconds
        self.sent = 0

    def count_prompt(self, messages: Sequence[Message], prefix: str) -> int:
        return PROMPT

    async def generate(
        self, request: GenerateRequest, meter: Meter, listener: TextListener | None = None
    ) -> GenerateReply:
        self.sent += 1
        await asyncio.sleep(self.seconds)
        tokens = min(self.reply_tokens, request.sampling.max_tokens)
        answer = Completion(
            text="So it is \\boxed{42}.", finish_reason="stop", completion_tokens=tokens
        )
        usage = Usage(calls=1, prompt_tokens=PROMPT, completion_tokens=tokens, flops=0)
        return GenerateReply(completions=(answer,), usage=usage)

    async def close(self) -> None:
        return None


def budget(*, processes: int = PROCESSES, runs: int = RUNS) -> list[Row]:
    """Ten calls' worth for 256 concurrent draws, one wallet and one rate for eight processes, and
    the queue that admits calls."""
    shared = [*shared_wallet(processes), *shared_rate(processes)]
    return [*one_ceiling(runs), *shared, *admission(SIZES)]


def one_ceiling(runs: int) -> list[Row]:
    """What leaves, and what is spent, where draws ask together for more than there is."""
    full = [asyncio.run(_one_run(MAX_TOKENS)) for _ in range(runs)]
    tenth = [asyncio.run(_one_run(MAX_TOKENS // 10)) for _ in range(runs)]
    cap = CALLS * WORST
    spent = [result.usage.tokens for _, result in tenth]
    highest = max(result.usage.tokens for _, result in [*full, *tenth])
    sent = [calls for calls, _ in full]
    odd = next((calls for calls in sent if calls != CALLS), CALLS)
    return [
        exactly(f"calls that left of {DRAWS}, replies of max_tokens", odd, "", bar=CALLS),
        at_least("least spent, replies of a tenth", min(spent), "tokens", bar=cap - WORST),
        at_most("most spent under the ceiling", highest, "tokens", bar=cap),
    ]


async def _one_run(reply_tokens: int) -> tuple[int, Result]:
    """How many calls were sent, and the result."""
    generator = MeteredGenerator(reply_tokens)
    session = await open_session(
        SessionOptions(model=generator, verifier=None, sampling={"max_tokens": MAX_TOKENS})
    )
    journal = MemoryJournal(job="bench")
    async with Job(session, name="bench", journal=journal, leases=MemoryLeases()) as job:
        ceiling = Budget(tokens=CALLS * WORST)
        result = await job.solve(Problem(id="p", prompt="question"), MajorityVote(n=DRAWS), ceiling)
    await session.close()
    return generator.sent, result


def shared_wallet(processes: int, *, url: str = "") -> list[Row]:
    """What several processes on one ledger spend of a job's wallet that is too small for them; on
    a SQLite file, or in the database of a URL."""
    with TemporaryDirectory() as folder:
        place = url or str(Path(folder) / "ledger.db")
        failed = _failed("wallet", place, processes)
        found = billed(place)
    who = f"{processes} processes on one wallet{' in PostgreSQL' if url else ''}"
    return [
        at_most(f"billed by {who}", found.tokens, "tokens", bar=SHARED_CAP),
        at_least(f"used of the ceiling by {who}", 100 * found.tokens / SHARED_CAP, "%", bar=90),
        at_most(f"calls billed twice by {who}", found.twice, "", bar=0),
        at_most(f"of {who} failed", failed, "", bar=0),
    ]


def shared_rate(processes: int) -> list[Row]:
    """What leaves several processes on one ledger in each window of the clock."""
    with TemporaryDirectory() as folder:
        place = Path(folder) / "ledger.db"
        failed = _failed("rate", str(place), processes)
        windows = departures(place, seconds=SECONDS, worst=RATE_WORST)
    calls, tokens = (rate * SECONDS / 60 for rate in (CALLS_PER_MINUTE, TOKENS_PER_MINUTE))
    whole = windows[1:-1]
    used = 100 * sum(window.tokens for window in whole) / (len(whole) * tokens) if whole else 0.0
    who = f"{processes} processes on one rate"
    return [
        at_most(
            f"most calls in {SECONDS:g} s of {who}", max(w.calls for w in windows), "", bar=calls
        ),
        at_most(
            f"most tokens in {SECONDS:g} s of {who}",
            max(window.tokens for window in windows),
            "tokens",
            bar=tokens,
        ),
        at_least(f"used of the rate by {who}, {len(whole)} windows", used, "%", bar=80),
        at_most(f"of {who} failed", failed, "", bar=0),
    ]


def _failed(shared: Shared, place: str, processes: int) -> int:
    """Start processes on a new ledger; how many failed."""
    asyncio.run(_created(place))
    command = [sys.executable, "-m", "tts.eval.bench.budget", shared, place]
    workers = [subprocess.Popen([*command, str(number)]) for number in range(processes)]
    return sum(worker.wait() != 0 for worker in workers)


async def _created(place: str) -> None:
    async with Ledger.open(place, job="bench"):
        """Once, before the processes come."""


async def spend(place: str, number: int) -> None:
    """Draw for this process's problems until the wallet ends."""
    generator = MeteredGenerator(Random(number).randint(20, MAX_TOKENS))
    session = await open_session(
        SessionOptions(
            model=generator, verifier=None, concurrency=64, sampling={"max_tokens": MAX_TOKENS}
        )
    )
    async with Ledger.open(place, job="bench") as ledger:
        leases = JobLeases(ledger)
        wallet = Budget(tokens=SHARED_CAP)
        async with Job(session, name="bench", journal=ledger, leases=leases, wallet=wallet) as job:
            window = asyncio.Semaphore(16)

            async def solve(index: int) -> str:
                async with window:
                    problem = Problem(id=f"{number}-{index}", prompt=f"{number} {index}")
                    await ledger.load(problem.id)
                    return (await job.solve(problem, MajorityVote(n=16))).stopped_by

            stops = await asyncio.gather(*[solve(index) for index in range(200)])
    await session.close()
    assert "suspended" in stops, "The wallet did not end."


async def draw(place: str, number: int) -> None:
    """Draw for this process's problems, all at once, as fast as the rate lets it."""
    options = SessionOptions(
        model=MeteredGenerator(RATE_TOKENS),
        verifier=None,
        sampling={"max_tokens": RATE_TOKENS},
        requests_per_minute=CALLS_PER_MINUTE,
        tokens_per_minute=TOKENS_PER_MINUTE,
    )
    session = await open_session(options)
    async with Ledger.open(place, job="bench") as ledger:
        leases = JobLeases(ledger)
        async with Job(session, name="bench", journal=ledger, leases=leases) as job:
            problems = [Problem(id=f"{number}-{i}", prompt=f"{number} {i}") for i in range(25)]
            await asyncio.gather(*[job.solve(one, MajorityVote(n=10)) for one in problems])
    await session.close()


class Window(Struct, frozen=True):
    """What left within one window of the clock."""

    calls: int
    tokens: int


def departures(place: Path, *, seconds: float, worst: int) -> list[Window]:
    """Every attempt by when it was sent, of `worst` tokens each, from the first window on."""
    connection = sqlite3.connect(place)
    try:
        rows = connection.execute(
            "SELECT CAST(started_at / ? AS INTEGER), COUNT(*) FROM attempts GROUP BY 1 ORDER BY 1",
            (seconds,),
        ).fetchall()
    finally:
        connection.close()
    counts = dict(rows)
    spanned = range(min(counts), max(counts) + 1)
    return [Window(counts.get(at, 0), counts.get(at, 0) * worst) for at in spanned]


def admission(sizes: Sequence[int]) -> list[Row]:
    """Calls foreseen in order and asked for in reverse, under a ceiling that holds half of them."""
    _out_of_order(sizes[0])
    costs = {size: _out_of_order(size) for size in sizes}
    first, *larger = sizes
    return [
        at_most(f"a ticket of {first:,} out of order", costs[first], "µs", bar=TICKET),
        *(
            at_most(
                f"a ticket of {size:,} out of order",
                costs[size],
                "µs",
                bar=TICKET,
                baseline=costs[first],
            )
            for size in larger
        ),
    ]


def _out_of_order(size: int) -> float:
    """Microseconds of processor time a ticket."""
    flying: list[Ticket] = []
    queue = AdmissionQueue(Account({"prompt_tokens": size * PROMPT // 2, "calls": size}))
    worst = Usage(calls=1, prompt_tokens=PROMPT)
    tickets: list[Ticket] = []
    for i in range(size):
        flies = partial(lambda i: flying.append(tickets[i]), i)
        tickets.append(CallbackTicket((0, i), admit=flies, refuse=lambda _: None))
    started = time.process_time()
    for ticket in tickets:
        queue.foresee(ticket, worst)
    for ticket in reversed(tickets):
        queue.ask(ticket, worst)
    while flying:
        queue.settle(flying.pop(), worst)
    return (time.process_time() - started) / size * 1e6


if __name__ == "__main__":
    works = {"wallet": spend, "rate": draw}
    asyncio.run(works[sys.argv[1]](sys.argv[2], int(sys.argv[3])))
