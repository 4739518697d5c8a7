"""`budget`: ceilings that hold under any concurrency."""

from __future__ import annotations

import asyncio
import time
from functools import partial

from tts.budget import Account, AdmissionQueue, Ticket
from tts.engine import Job, SessionOptions, open_session
from tts.eval.bench.report import Row, at_least, at_most, exactly
from tts.eval.bench.shared_ceilings import PROMPT, MeteredGenerator, shared_rate, shared_wallet
from tts.ledger import MemoryJournal, MemoryLeases
from tts.strategies import MajorityVote
from tts.values import Budget, Problem, Result, Usage

MAX_TOKENS = 100
WORST = PROMPT + MAX_TOKENS
CALLS, DRAWS = 10, 256
PROCESSES, RUNS = 8, 3
SIZES, TICKET = (1_000, 10_000, 100_000), 30.0
"""Tickets of a queue, and the microseconds that one may cost however many there are."""


def budget(*, processes: int = PROCESSES, runs: int = RUNS) -> list[Row]:
    """Ten calls' worth for 256 concurrent draws, one wallet and one rate for eight processes, and
    the queue that admits calls."""
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
        *shared_wallet(processes),
        *shared_rate(processes),
        *_admission(),
    ]


def _admission() -> list[Row]:
    """Calls foreseen in order and asked for in reverse, under a ceiling that holds half of them."""
    _out_of_order(SIZES[0])
    costs = {size: _out_of_order(size) for size in SIZES}
    first, *larger = SIZES
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
        tickets.append(Ticket((0, i), admit=flies, refuse=lambda _: None))
    started = time.process_time()
    for ticket in tickets:
        queue.foresee(ticket, worst)
    for ticket in reversed(tickets):
        queue.ask(ticket, worst)
    while flying:
        queue.settle(flying.pop(), worst)
    return (time.process_time() - started) / size * 1e6


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
