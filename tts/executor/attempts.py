"""The attempts of a flight: under the caps, journalled before and after, retried where allowed."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import time
from collections.abc import Awaitable, Callable

from msgspec.structs import replace

from tts.budget import Amounts, Wallet
from tts.errors import BadReply, CallError, CallTimeout, RateLimited, Sent, TTSError
from tts.executor.call import SENT
from tts.executor.clock import loop_time
from tts.executor.deadlines import Deadlines
from tts.executor.flight import Flight
from tts.executor.hedge import Durations, hedged
from tts.executor.limits import Limits
from tts.executor.retry import RetryPolicy
from tts.protocols import Answer, IntentRow, Journal, SettledRow
from tts.values import NOTHING, Usage

Pricer = Callable[[str, Usage], Usage]
"""Fills in what a usage of a model costs."""

Land = Callable[[Flight, Answer, SettledRow], Awaitable[None]]
"""Commits an answer with the settlement of its attempt, and delivers it."""


class Attempts:
    """Sends flights and says what each attempt was billed."""

    def __init__(
        self,
        journal: Journal,
        *,
        job: str,
        wallet: Wallet,
        limits: Limits,
        price: Pricer,
        price_version: str = "",
    ) -> None:
        self.journal, self.job, self.wallet = journal, job, wallet
        self.limits, self.price, self.price_version = limits, price, price_version
        self.fatal: TTSError | None = None
        """Set once nothing more may be sent, what waits for its turn included."""
        self._deadlines = Deadlines()
        self._durations = Durations()
        self._random = random.Random()
        self._ids = itertools.count()
        self._process = f"{os.getpid():x}-{time.time_ns():x}"

    async def fly(self, flight: Flight, land: Land) -> None:
        """Try until it is answered or may not be tried again, and land the answer.

        A call keeps its slot until it has landed: a kill loses no more calls than there are slots.
        """
        retry, effect = self._retry(flight), flight.spec.effect
        for number in itertools.count():
            try:
                return await self._tried(flight, number, land)
            except CallError as error:
                delay = retry.delay(number, error, self._random, effect)
                if delay is None:
                    raise
            await asyncio.sleep(delay)
        raise AssertionError("itertools.count ends")

    def _retry(self, flight: Flight) -> RetryPolicy:
        named = flight.spec.retries
        return self.limits.retry if named is None else replace(self.limits.retry, retries=named)

    async def _tried(self, flight: Flight, number: int, land: Land) -> None:
        """One try: an attempt, or two where the first takes long and may be repeated."""
        after = self._durations.patience(flight.spec)
        if after is None:
            return await self._attempt(flight, number, land)
        return await hedged(
            lambda first_only, sent: self._attempt(flight, number, first_only, sent),
            land,
            after=after,
            lost=self.journal.write,
        )

    async def _attempt(
        self, flight: Flight, number: int, land: Land, sent: asyncio.Event | None = None
    ) -> None:
        pool, gate, asked = flight.spec.pool, self.limits.gate, time.monotonic()
        if not gate.enter_nowait(pool):
            await gate.enter(pool, flight.starter.run.problem.id, flight.starter.priority)
        try:
            rate = self.limits.rates.get(pool)
            if rate is not None:
                await rate.acquire(flight.worst.tokens)
            held = self.wallet.reserve_nowait(flight.worst)
            if held is None:
                held = await self.wallet.reserve(flight.worst)
            if self.fatal is not None:
                self.wallet.settle(held, NOTHING)
                raise self.fatal
            queued = time.monotonic() - asked
            answer, row = await self._send(flight, number, held, queued, sent)
            gate.succeeded(pool)
            flight.answered = True
            await land(flight, answer, row)
        except CallError as error:
            self._slow_down(pool, error)
            raise
        finally:
            gate.leave(pool)

    async def _send(
        self,
        flight: Flight,
        number: int,
        held: Amounts,
        queued: float,
        sent: asyncio.Event | None,
    ) -> tuple[Answer, SettledRow]:
        attempt = f"{self._process}-{next(self._ids):x}"
        started, billed, state, fault = time.monotonic(), flight.worst, "sent_unknown", "cancelled"
        row: SettledRow | None = None
        await self._intend(flight, attempt, number, queued)
        if sent is not None:
            sent.set()
        try:
            begun = loop_time()
            answer = await self._perform(flight)
            self._durations.add(flight.spec, loop_time() - begun)
            billed, state, fault = self._billed(flight, answer), "settled", ""
            row = self._row(attempt, state, billed, started, fault)
            return answer, row
        except CallError as error:
            state, fault = error.sent, f"{type(error).__name__}: {error}"
            billed = self._spent(flight, error.sent)
            raise
        except asyncio.CancelledError:
            billed = self._spent(flight, "sent_unknown")
            state = "settled" if flight.meter.usage is not None else "sent_unknown"
            raise
        except Exception as error:
            fault = f"{type(error).__name__}: {error}"
            raise
        finally:
            self.wallet.settle(held, billed)
            rate = self.limits.rates.get(flight.spec.pool)
            if rate is not None:
                rate.settle(flight.worst.tokens, billed.tokens)
            flight.starter.run.root.billed = flight.starter.run.root.billed + billed
            if row is None:
                self.journal.write(self._row(attempt, state, billed, started, fault))

    async def _intend(self, flight: Flight, attempt: str, number: int, queued: float) -> None:
        row = IntentRow(
            job=self.job,
            attempt=attempt,
            key=flight.seats[0].key,
            run_id=flight.starter.run.settings.run_id,
            number=number,
            role=flight.spec.role,
            model=flight.spec.model,
            worst=flight.worst,
            started_at=time.time(),
            queued_s=queued,
        )
        flight.sent = True
        if flight.starter.placed:
            call = flight.starter
            await self.journal.commit(row, call.run.outcome(f"{call.id}{SENT}", "failed", "sent"))
        else:
            self.journal.write(row)

    async def _perform(self, flight: Flight) -> Answer:
        flight.listen()
        timeout = flight.spec.timeout or self.limits.timeout
        try:
            with self._deadlines.after(timeout):
                answer = await flight.operation.perform(flight.args, flight.draws, flight.meter)
        except TimeoutError as error:
            raise CallTimeout(f"No answer within {timeout:g} s.") from error
        if len(answer.replies) != len(flight.seats):
            raise BadReply(f"{len(answer.replies)} draws came for {len(flight.seats)} asked for.")
        return answer

    def _billed(self, flight: Flight, answer: Answer) -> Usage:
        if answer.server_price:
            return answer.billed
        return self.price(flight.spec.model, answer.billed)

    def _spent(self, flight: Flight, sent: Sent) -> Usage:
        """What a failed attempt is taken to have cost: metered, or at worst."""
        if sent == "not_sent":
            return NOTHING
        if flight.meter.usage is not None:
            return self.price(flight.spec.model, flight.meter.usage)
        return flight.worst if sent == "sent_unknown" else replace(NOTHING, calls=1)

    def _row(
        self, attempt: str, state: str, billed: Usage, started: float, fault: str
    ) -> SettledRow:
        return SettledRow(
            job=self.job,
            attempt=attempt,
            state=state,  # type: ignore[arg-type]
            billed=billed,
            latency_s=time.monotonic() - started,
            error=fault,
            price_version=self.price_version,
        )

    def _slow_down(self, pool: str, error: CallError) -> None:
        if isinstance(error, RateLimited):
            self.limits.gate.throttled(pool, error.retry_after)
        elif error.retryable:
            self.limits.gate.failed(pool)
