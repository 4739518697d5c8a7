"""What is asked of an endpoint before a job begins: journalled, paid and repeated as calls are."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from msgspec.structs import replace

from tts.backends.probe import Question
from tts.budget import PriceTable, Wallet
from tts.errors import CallError, CallTimeout, NotSent, Sent, Suspended, UsageError
from tts.executor.limits import ATTEMPT_SECONDS, RetryPolicy
from tts.ledger import MemoryJournal, MemoryLeases
from tts.options import SessionOptions
from tts.protocols import IntentRow, Journal, Leases, Meter, SettledRow
from tts.values import NOTHING, Budget, Usage

LONGEST = 120.0
"""Seconds that all questions to one endpoint may take together, waits between them included."""

GRACE = 5.0
"""Seconds beyond a deadline of the budget that the questions may take."""

SAID_AFTER = 2.0
"""Seconds after which what is waited for is said."""

_LOG = logging.getLogger("tts")


def longest(budgets: Iterable[Budget]) -> float:
    """Seconds that asking may take where these budgets are to be kept."""
    deadlines = [LONGEST if one.seconds is None else one.seconds + GRACE for one in budgets]
    return min(LONGEST, max(deadlines, default=LONGEST))


Books = Callable[[], Awaitable[tuple[Journal, Leases]]]
"""Opens what attempts are written down in, and what they may spend; called by the first one."""


class Asks:
    """Sends questions under a job's wallet, with an attempt in its journal for each.

    What is not answered is asked again as a call would be: after 429, 5xx and lost connections,
    after the wait that the server asks for, `retries` times; a server that was never reached for a
    few seconds.
    """

    def __init__(
        self,
        options: SessionOptions,
        *,
        books: Books | None = None,
        job: str = "",
        wallet: Budget | None = None,
        longest: float = LONGEST,
    ) -> None:
        """`longest`: seconds; without books nothing is kept, without a wallet all is paid."""
        self.billed = NOTHING
        """Of all questions so far."""
        self.longest = longest
        self._books, self._job = books, job
        self._ceilings = (wallet or Budget()).ceilings
        self._journal: Journal = MemoryJournal(job=job)
        self._wallet: Wallet | None = None
        self._prices = PriceTable.load(options.prices)
        self._retry = RetryPolicy(retries=options.retries)
        self._timeout = options.timeout or ATTEMPT_SECONDS
        self._random, self._ids = random.Random(), itertools.count()
        self._met: CallError | None = None
        """What the last question met, for whoever waits."""
        self._reached = False
        """Whether the endpoint that is asked now was ever connected to."""
        self._process = f"{os.getpid():x}-{time.time_ns():x}"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._wallet is not None:
            await self._wallet.close()

    async def send(self, question: Question) -> dict[str, Any]:
        """The answer; raises the last `CallError`, and `UsageError` where the wallet is too small."""
        clock = asyncio.get_running_loop().time
        last = clock() + self._retry.unreached
        for number in itertools.count():
            try:
                answer = await self._attempt(question, number)
            except CallError as error:
                self._met = error
                self._reached = self._reached or not isinstance(error, NotSent)
                delay = self._retry.delay(number, error, self._random, "read")
                if delay is None or not (self._reached or clock() + delay <= last):
                    raise
                await asyncio.sleep(delay)
            else:
                self._reached = True
                return answer
        raise AssertionError("itertools.count ends")

    @asynccontextmanager
    async def bounded(self, what: str) -> AsyncIterator[None]:
        """Say after 2 s what is waited for; raises `CallTimeout` after the longest wait."""
        loop = asyncio.get_running_loop()
        self._met, self._reached = None, False
        saying = loop.call_later(SAID_AFTER, self._say, what)
        try:
            async with asyncio.timeout(self.longest):
                yield
        except TimeoutError:
            raise CallTimeout(f"no answer within {self.longest:.0f} s") from None
        finally:
            saying.cancel()

    def _say(self, what: str) -> None:
        why = f": {str(self._met).rstrip('.')}; it is tried again" if self._met else ""
        _LOG.warning(f"Waiting for {what}, for {self.longest:.0f} s at most{why} …")

    def tell(self, address: str, before: Usage) -> None:
        """Say what the questions to an endpoint were billed."""
        calls = self.billed.calls - before.calls
        tokens = self.billed.tokens - before.tokens
        _LOG.warning(
            f"Asked {address} what it supports: {calls} requests, {tokens} tokens; remembered."
        )

    async def _attempt(self, question: Question, number: int) -> dict[str, Any]:
        worst, wallet = self._price(question.model, question.worst), await self._opened()
        try:
            held = wallet.reserve_nowait(worst)
            if held is None:
                held = await wallet.reserve(worst)
        except Suspended as empty:
            raise UsageError(
                f"The wallet cannot pay for asking the endpoint what it supports: {empty}"
            ) from None
        trial = _Trial(question, f"{self._process}-p{next(self._ids):x}", worst)
        self._journal.write(self._intent(trial, number))
        try:
            async with asyncio.timeout(self._timeout):
                answer = await question.attempt(trial.meter)
            trial.settle("settled", "")
            return answer
        except TimeoutError:
            error = CallTimeout(f"No answer within {self._timeout:g} s.")
            trial.settle(error.sent, str(error))
            raise error from None
        except CallError as error:
            trial.settle(error.sent, f"{type(error).__name__}: {error}")
            raise
        finally:
            billed = self._price(question.model, trial.billed)
            wallet.settle(held, billed)
            self.billed = self.billed + billed
            self._journal.write(self._settled(trial, billed))

    async def _opened(self) -> Wallet:
        """The wallet, once the books are open; the first question is asked alone."""
        if self._wallet is None:
            leases: Leases = MemoryLeases()
            if self._books is not None:
                self._journal, leases = await self._books()
            self._wallet = Wallet(self._ceilings, leases)
        return self._wallet

    def _intent(self, trial: _Trial, number: int) -> IntentRow:
        return IntentRow(
            job=self._job,
            attempt=trial.id,
            key=f"probe/{trial.question.name}",
            run_id="",
            number=number,
            role="probe",
            model=trial.question.model,
            worst=trial.worst,
            started_at=time.time(),
            queued_s=0.0,
        )

    def _settled(self, trial: _Trial, billed: Usage) -> SettledRow:
        return SettledRow(
            job=self._job,
            attempt=trial.id,
            state=trial.state,
            billed=billed,
            latency_s=time.monotonic() - trial.begun,
            error=trial.fault,
            price_version=self._prices.version,
        )

    def _price(self, model: str, usage: Usage) -> Usage:
        if not model:
            return usage
        price = self._prices.price_of(model)
        if price is None or usage == NOTHING:
            return usage
        return replace(usage, nanodollars=price.request_cost(usage))


@dataclass
class _Trial:
    """One attempt at a question; cancelled until it is settled."""

    question: Question
    id: str
    worst: Usage
    state: Sent = "sent_unknown"
    fault: str = "cancelled"

    def __post_init__(self) -> None:
        self.meter, self.begun = Meter(), time.monotonic()

    def settle(self, state: Sent, fault: str) -> None:
        self.state, self.fault = state, fault

    @property
    def billed(self) -> Usage:
        """What it is taken to have cost: nothing unsent, metered, or at worst."""
        if self.state == "not_sent":
            return NOTHING
        if self.meter.usage is not None:
            return self.meter.usage
        return self.worst if self.state == "sent_unknown" else replace(NOTHING, calls=1)


@dataclass(frozen=True, kw_only=True)
class Opening(SessionOptions):
    """Options while a session is opened, with the way to ask what has to be known first."""

    asks: Asks | None = None
    """None: nothing may be sent."""
