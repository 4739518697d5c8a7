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
from tts.errors import (
    BadReply,
    CallError,
    CallTimeout,
    Crashed,
    NotSent,
    RateLimited,
    Sent,
    TTSError,
)
from tts.executor.circuit import Circuit, Passage
from tts.executor.deadlines import Deadlines, loop_time
from tts.executor.flight import Flight
from tts.executor.hedge import Durations, hedged
from tts.executor.limits import Limits, RetryPolicy
from tts.protocols import SENT, Answer, IntentRow, Journal, OperationSpec, SettledRow
from tts.tools.shielded import shielded
from tts.values import NOTHING, Usage

Pricer = Callable[[str, Usage], Usage]
"""Fills in what a usage of a model costs."""

LEAVE = 1.0
"""Seconds for which a cancelled operation is waited for; one that goes on all the same is left."""

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
        retry, circuit = self._retry(flight), self.limits.gate.circuit(flight.spec.pool)
        retries = 0
        for number in itertools.count():
            try:
                return await self._tried(flight, number, land)
            except CallError as error:
                if circuit.given_up(retry.patience):
                    raise
                if isinstance(error, NotSent) and circuit.waits(retry.patience):
                    continue
                delay = retry.delay(retries, error, self._random, flight.spec.effect)
                if delay is None:
                    raise
            retries += 1
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
        circuit = gate.circuit(pool)
        passage, held = await self._enter(flight, circuit)
        begun = loop_time()
        try:
            queued = time.monotonic() - asked
            answer, row = await self._send(flight, number, held, queued, sent)
            gate.succeeded(pool)
            circuit.answered(passage, begun)
            flight.answered = True
            await land(flight, answer, row)
        except CallError as error:
            self._slow_down(flight.spec, error, passage, begun)
            raise
        finally:
            gate.leave(pool)
            circuit.leave(passage)

    async def _enter(self, flight: Flight, circuit: Circuit) -> tuple[Passage, Amounts]:
        """Wait for the circuit, a slot, the rate and the wallet; all over again where an outage
        begins meanwhile, so that nobody waits for it on a slot or on money."""
        patience = self._retry(flight).patience
        while True:
            passage = await circuit.enter(patience)
            try:
                held = await self._reserve(flight)
            except BaseException:
                circuit.leave(passage)
                raise
            if not circuit.holds_back(passage):
                return passage, held
            self.wallet.settle(held, NOTHING)
            self._settle_rate(flight, NOTHING)
            self.limits.gate.leave(flight.spec.pool)

    async def _reserve(self, flight: Flight) -> Amounts:
        pool, gate = flight.spec.pool, self.limits.gate
        priority = flight.starter.priority
        planned = priority[0] != 0
        if planned or not gate.enter_nowait(pool):
            problem = flight.starter.run.problem.id
            await gate.enter(pool, problem, priority, planned=planned)
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
        except BaseException:
            gate.leave(pool)
            raise
        return held

    def _settle_rate(self, flight: Flight, billed: Usage) -> None:
        rate = self.limits.rates.get(flight.spec.pool)
        if rate is not None:
            rate.settle(flight.worst.tokens, billed.tokens)

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
        except TTSError as error:
            fault = f"{type(error).__name__}: {error}"
            raise
        finally:
            self.wallet.settle(held, billed)
            self._settle_rate(flight, billed)
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
        limit = self._deadlines.after(flight.spec.timeout or self.limits.timeout)
        try:
            with limit:
                work = _performed(flight)
                answer = await (work if flight.spec.prompt_end else shielded(work, grace=LEAVE))
        except TimeoutError as error:
            if not limit.expired:
                raise CallTimeout(f"It timed out by itself: {error}".removesuffix(": ")) from error
            seconds = flight.spec.timeout or self.limits.timeout
            raise CallTimeout(f"No answer within {seconds:g} s.") from error
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

    def _slow_down(
        self, spec: OperationSpec, error: CallError, passage: Passage, begun: float
    ) -> None:
        gate = self.limits.gate
        if isinstance(error, RateLimited):
            gate.throttled(spec.pool, error.retry_after)
        elif error.retryable:
            gate.failed(spec.pool)
            if spec.role != "tool":  # a tool that fails on some inputs is no server out of reach
                gate.circuit(spec.pool).failed(error, passage)
            return
        gate.circuit(spec.pool).answered(passage, begun)


async def _performed(flight: Flight) -> Answer:
    """What the operation answers; whatever its code raises is a failed call and nothing worse."""
    try:
        answer: Answer = await flight.operation.perform(flight.args, flight.draws, flight.meter)
    except (TTSError, TimeoutError, asyncio.CancelledError, KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:
        raise crashed(error) from error
    if not isinstance(answer, Answer):
        raise Crashed(f"It answered with {type(answer).__name__} instead of an Answer.")
    return answer


def crashed(error: BaseException) -> Crashed:
    """An error of an operation's own code as the failure of its call."""
    return Crashed(f"{type(error).__name__}: {error}".removesuffix(": "))
