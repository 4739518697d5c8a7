"""The books of every try: what it holds meanwhile, and what is written of it before and after."""

from __future__ import annotations

import asyncio
import itertools
import os
import time
from collections.abc import Callable
from functools import partial

from msgspec.structs import replace

from tts.budget import Told, Wallet
from tts.errors import CallError, LedgerError, RateLimited, Sent, TTSError
from tts.executor.limits import Limits
from tts.executor.request import Attempt, Request
from tts.protocols import Abort, Answer, IntentRow, Journal, SettledRow
from tts.values import NOTHING, Usage

Pricer = Callable[[str, Usage], Usage]
"""Fills in what a usage of a model costs."""


class Attempts:
    """The books of all tries: slots, rates, money, and the two rows that each leaves.

    Guarantees: what `enter` and `hold` took is given back by exactly one of `answered`, `failed` and
    `cancelled`, and by `leave`, or else by `withdraw`; nothing is sent once `fatal` is set.
    """

    def __init__(
        self,
        journal: Journal,
        *,
        job: str,
        wallet: Wallet,
        limits: Limits,
        price: Pricer,
        price_version: str = "",
        intents_first: bool = False,
    ) -> None:
        self.intents_first = intents_first
        """Whether nothing is sent before its intent is on disk."""
        self.journal, self.job, self.wallet = journal, job, wallet
        self.limits, self.gate = limits, limits.gate
        self._price, self._price_version = price, price_version
        self.fatal: TTSError | None = None
        """Set once nothing more may be sent, what waits for its turn included."""
        self.loop: asyncio.AbstractEventLoop
        self._ids = itertools.count()
        self._process = f"{os.getpid():x}-{time.time_ns():x}"

    def open_on(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop

    def new(self, request: Request, number: int) -> Attempt:
        return Attempt(request, number, self.loop.time())

    def hold(self, attempt: Attempt) -> bool:
        """Take a share of the rate and of the wallet, where it has none; False: that has to be
        waited for. Raises `Suspended` where the wallet is known to have ended."""
        if attempt.stage == "reserved":
            return True
        worst = attempt.request.worst
        if attempt.stage == "slot":
            rate = self.limits.rates.get(attempt.request.spec.pool)
            if rate is not None:
                self.wallet.refuse(worst)
                if not rate.acquire_nowait(worst.tokens):
                    return False
            attempt.stage = "rate"
        held = self.wallet.reserve_nowait(worst)
        if held is None:
            return False
        attempt.held, attempt.stage = held, "reserved"
        return True

    def hold_then(self, attempt: Attempt, told: Told) -> Abort:
        """Wait in turn for what `hold` could not take; returns what leaves the line."""
        request, told = attempt.request, partial(self._held, attempt, told)
        if attempt.stage == "slot":
            return self.limits.rates[request.spec.pool].acquire_then(request.worst.tokens, told)
        return self.wallet.reserve_then(request.worst, told)

    def _held(self, attempt: Attempt, told: Told, error: Exception | None) -> bool:
        if error is None and attempt.stage == "slot":
            attempt.stage = "rate"
        elif error is None:
            attempt.held = self.wallet.account.amounts(attempt.request.worst)
            attempt.stage = "reserved"
        return told(error)

    def opened(self, attempt: Attempt) -> IntentRow:
        """It is about to be sent; the row says so."""
        request = attempt.request
        attempt.id = f"{self._process}-{next(self._ids):x}"
        attempt.begun, attempt.stage = self.loop.time(), "recorded"
        return IntentRow(
            job=self.job,
            attempt=attempt.id,
            key=request.drawn[0].key,
            run_id=request.starter.run.settings.run_id,
            number=attempt.number,
            role=request.spec.role,
            model=request.spec.model,
            worst=request.worst,
            started_at=time.time(),
            queued_s=round(attempt.begun - attempt.asked, 3),
        )

    def sent(self, attempt: Attempt) -> None:
        """It leaves: from here on it may cost something."""
        attempt.stage, attempt.request.sent = "open", True

    def answered(self, attempt: Attempt, answer: Answer) -> SettledRow:
        """Settle it at what it was billed; the row is committed with what it brought."""
        request = attempt.request
        billed = self._price(request.spec.model, answer.billed)
        if answer.server_price:
            told = answer.billed.nanodollars
            billed = replace(billed, nanodollars=told, fresh_nanodollars=told)
        self.gate.succeeded(request.spec.pool)
        self.gate.circuit(request.spec.pool).answered(attempt.passage, attempt.begun)
        request.answered = True
        return self._settled(attempt, billed, "settled")

    def failed(self, attempt: Attempt, error: BaseException) -> None:
        """Settle it at what a failure is taken to have cost: metered, or at worst; nothing where it
        waited for others and never left."""
        sent: Sent = "sent_unknown"
        billed, fault = attempt.request.worst, f"{type(error).__name__}: {error}"
        if attempt.stage == "reserved":
            sent, billed = "not_sent", NOTHING
            self.journal.write(self.opened(attempt))
        elif isinstance(error, CallError):
            sent, billed = error.sent, self._spent(attempt, error.sent)
        self.journal.write(self._settled(attempt, billed, sent, fault))

    def cancelled(self, attempt: Attempt) -> None:
        """Settle one that nobody wants any more; what never left costs nothing."""
        if attempt.stage == "reserved":
            self._settle(attempt, NOTHING)
            return
        state: Sent = "sent_unknown"
        if attempt.stage == "recorded":
            state = "not_sent"
        elif attempt.request.meter.usage is not None:
            state = "settled"
        billed = self._spent(attempt, state)
        try:
            self.journal.write(self._settled(attempt, billed, state, "cancelled"))
        except LedgerError as error:
            self.fatal = self.fatal or error

    def withdraw(self, attempt: Attempt) -> None:
        """Give back all that one holds which is not sent after all."""
        stage, attempt.stage = attempt.stage, "new"
        if stage == "reserved":
            self._settle(attempt, NOTHING)
        elif stage == "rate":
            self._settle_rate(attempt, NOTHING)
        if stage != "new":
            self.gate.leave(attempt.request.spec.pool)
        self.gate.circuit(attempt.request.spec.pool).leave(attempt.passage)

    def leave(self, attempt: Attempt) -> None:
        """Its slot goes to the next one."""
        pool = attempt.request.spec.pool
        self.gate.leave(pool)
        self.gate.circuit(pool).leave(attempt.passage)

    def slow_down(self, attempt: Attempt, error: CallError) -> None:
        """Tell the caps and the circuit of a pool how a failed attempt failed."""
        spec = attempt.request.spec
        circuit = self.gate.circuit(spec.pool)
        if isinstance(error, RateLimited):
            self.gate.throttled(spec.pool, error.retry_after)
        elif error.retryable:
            self.gate.failed(spec.pool)
            if spec.role != "tool":  # a tool that fails on some inputs is no server out of reach
                circuit.failed(error, attempt.passage)
            return
        circuit.answered(attempt.passage, attempt.begun)

    def _settled(self, attempt: Attempt, billed: Usage, state: Sent, fault: str = "") -> SettledRow:
        self._settle(attempt, billed)
        root = attempt.request.starter.run.root
        root.billed = root.billed + billed
        return SettledRow(
            job=self.job,
            attempt=attempt.id,
            state=state,
            billed=billed,
            latency_s=self.loop.time() - attempt.begun,
            error=fault,
            price_version=self._price_version,
        )

    def _settle(self, attempt: Attempt, billed: Usage) -> None:
        self.wallet.settle(attempt.held, billed)
        self._settle_rate(attempt, billed)

    def _settle_rate(self, attempt: Attempt, billed: Usage) -> None:
        request = attempt.request
        rate = self.limits.rates.get(request.spec.pool)
        if rate is not None:
            rate.settle(request.worst.tokens, billed.tokens)

    def _spent(self, attempt: Attempt, sent: Sent) -> Usage:
        request = attempt.request
        if sent == "not_sent":
            return NOTHING
        if request.meter.usage is not None:
            return self._price(request.spec.model, request.meter.usage)
        return request.worst if sent == "sent_unknown" else replace(NOTHING, calls=1)
