"""The road of a request that has to wait for something: a task that tries until it is answered."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from functools import partial

from msgspec.structs import replace

from tts.errors import BadReply, CallError, CallTimeout, Crashed, NotSent, TTSError, crashed
from tts.executor.attempts import Attempts
from tts.executor.deadlines import Deadlines
from tts.executor.hedge import Durations, hedged
from tts.executor.limits import RetryPolicy
from tts.executor.request import Attempt, Request, late
from tts.protocols import SENT, Answer, Leave, SettledRow
from tts.tools.shielded import shielded

LEAVE = 1.0
"""Seconds for which a cancelled operation is waited for; one that goes on all the same is left."""

Land = Callable[[Request, Answer, SettledRow], Awaitable[None]]
"""Commits an answer with the settlement of its attempt, and delivers it."""


class Retries:
    """Carries requests by a task each: waits, tries again, hedges, streams.

    Guarantee: a call keeps its slot until it has landed, so that a kill loses no more calls than
    there are slots.
    """

    def __init__(self, attempts: Attempts, deadlines: Deadlines) -> None:
        self._attempts, self._deadlines = attempts, deadlines
        self._durations = Durations()
        self._random = random.Random()

    def hedges(self, request: Request) -> bool:
        """Whether a second attempt may be sent beside one that takes long."""
        spec = request.spec
        return spec.hedge is not None or spec.hedge_quantile is not None

    async def carry(self, first: Attempt, land: Land, failed: Exception | None = None) -> None:
        """Try until it is answered or may not be tried again, and land the answer.

        `first` goes on from where it stands; `failed` is what became of it, where it has ended.
        """
        request, retry = first.request, self._retry(first.request)
        circuit, attempt = self._attempts.gate.circuit(request.spec.pool), first
        retries = 0
        while True:
            try:
                if failed is not None:
                    raise failed
                return await self._tried(attempt, land)
            except CallError as error:
                failed = None
                if circuit.given_up(retry.patience):
                    raise
                delay = 0.0
                if not (isinstance(error, NotSent) and circuit.waits(retry.patience)):
                    asked = retry.delay(retries, error, self._random, request.spec.effect)
                    if asked is None:
                        raise
                    delay, retries = asked, retries + 1
            if delay:
                await asyncio.sleep(delay)
            attempt = self._attempts.new(request, attempt.number + 1)

    def _retry(self, request: Request) -> RetryPolicy:
        policy, named = self._attempts.limits.retry, request.spec.retries
        return policy if named is None else replace(policy, retries=named)

    async def _tried(self, attempt: Attempt, land: Land) -> None:
        """One try: an attempt, or two where the first takes long and may be repeated."""
        request, number = attempt.request, attempt.number
        after = self._durations.patience(request.spec)
        if after is None:
            return await self._attempt(attempt, land)
        return await hedged(
            lambda first_only, sent: self._attempt(
                self._attempts.new(request, number), first_only, sent
            ),
            land,
            after=after,
            lost=self._attempts.journal.write,
        )

    async def _attempt(
        self, attempt: Attempt, land: Land, sent: asyncio.Event | None = None
    ) -> None:
        await self._enter(attempt)
        try:
            answer, row = await self._send(attempt, sent)
            await land(attempt.request, answer, row)
        except CallError as error:
            self._attempts.slow_down(attempt, error)
            raise
        finally:
            self._attempts.leave(attempt)

    async def _enter(self, attempt: Attempt) -> None:
        """Wait for the circuit, a slot, the rate and the wallet; all over again where an outage
        begins meanwhile, so that nobody waits for it on a slot or on money."""
        request = attempt.request
        circuit = self._attempts.gate.circuit(request.spec.pool)
        patience = self._retry(request).patience
        while True:
            if attempt.stage == "new":
                attempt.passage = await circuit.enter(patience)
            try:
                await self._reserve(attempt)
            except BaseException:
                self._attempts.withdraw(attempt)
                raise
            if not circuit.holds_back(attempt.passage):
                return
            self._attempts.withdraw(attempt)

    async def _reserve(self, attempt: Attempt) -> None:
        attempts, request = self._attempts, attempt.request
        pool, priority = request.spec.pool, request.starter.priority
        if attempt.stage == "new":
            problem, planned = request.starter.run.problem.id, priority[0] != 0
            if planned or not attempts.gate.enter_nowait(pool):
                await attempts.gate.enter(pool, problem, priority, planned=planned)
            attempt.stage = "slot"
        if not attempts.hold(attempt):
            await self._wait_for_room(attempt)
        if attempts.fatal is not None:
            raise attempts.fatal

    async def _wait_for_room(self, attempt: Attempt) -> None:
        worst, limits = attempt.request.worst, self._attempts.limits
        if attempt.stage == "slot":
            await limits.rates[attempt.request.spec.pool].acquire(worst.tokens)
            attempt.stage = "rate"
        attempt.held = await self._attempts.wallet.reserve(worst)
        attempt.stage = "reserved"

    async def _send(
        self, attempt: Attempt, sent: asyncio.Event | None
    ) -> tuple[Answer, SettledRow]:
        leave = partial(self._open, attempt, sent)
        try:
            if not attempt.request.spec.gathers:
                await leave()
            answer = await self._perform(attempt, leave)
            if attempt.stage != "open":  # it came with what an earlier attempt had sent
                await leave()
        except asyncio.CancelledError:
            self._attempts.cancelled(attempt)
            raise
        except BaseException as error:
            self._attempts.failed(attempt, error)
            raise
        self._durations.add(attempt.request.spec, self._attempts.loop.time() - attempt.begun)
        return answer, self._attempts.answered(attempt, answer)

    async def _open(self, attempt: Attempt, sent: asyncio.Event | None) -> None:
        """Put it on record, and say that it leaves; what travels with others has the time to wait
        until the record is on disk."""
        row, call = self._attempts.opened(attempt), attempt.request.starter
        if call.placed:
            outcome = call.run.outcome(f"{call.id}{SENT}", "failed", "sent")
            await self._attempts.journal.commit(row, outcome)
        elif self._attempts.intents_first or attempt.request.spec.gathers:
            await self._attempts.journal.commit(row)
        else:
            self._attempts.journal.write(row)
        self._attempts.sent(attempt)
        if sent is not None:
            sent.set()

    async def _perform(self, attempt: Attempt, leave: Leave) -> Answer:
        request = attempt.request
        request.listen()
        request.meter.leave = leave if request.spec.gathers else None
        seconds = request.spec.timeout or self._attempts.limits.timeout
        limit = self._deadlines.after(seconds)
        try:
            with limit:
                work = _performed(request)
                answer = await (work if request.spec.prompt else shielded(work, grace=LEAVE))
        except TimeoutError as error:
            if not limit.expired:
                raise CallTimeout(f"It timed out by itself: {error}".removesuffix(": ")) from error
            raise late(seconds) from error
        checked(request, answer)
        return answer


def checked(request: Request, answer: Answer) -> None:
    """Raise `BadReply` for an answer with more or fewer draws than were asked for."""
    if len(answer.replies) != len(request.drawn):
        raise BadReply(f"{len(answer.replies)} draws came for {len(request.drawn)} asked for.")


async def _performed(request: Request) -> Answer:
    """What the operation answers; whatever its code raises is a failed call and nothing worse."""
    try:
        answer: Answer = await request.operation.perform(request.args, request.draws, request.meter)
    except (TTSError, TimeoutError, asyncio.CancelledError, KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as error:
        raise crashed(error) from error
    if not isinstance(answer, Answer):
        raise Crashed(f"It answered with {type(answer).__name__} instead of an Answer.")
    return answer
