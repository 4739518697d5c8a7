"""Where requests are carried out: a job of the ledger per key, runs of strategies inside it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tts.engine import Job, Session
from tts.errors import TTSError
from tts.gateway.answers import Outcome
from tts.gateway.asking import Ask
from tts.gateway.errors import ApiError, of_result
from tts.gateway.keys import Key
from tts.gateway.settings import GatewaySettings
from tts.ledger import JobLeases, Ledger
from tts.protocols import JobRow, takes_fields
from tts.run import Run, Strategy
from tts.values import Candidate, Event, Problem, Result

LOG = logging.getLogger("tts")
Tell = Callable[[str], None]
"""Told the text of an answer as it grows."""


class Desk:
    """Runs requests on the sessions of models; each key's spending is a job of its own in one
    ledger."""

    def __init__(
        self, sessions: Mapping[str, Session], ledger: str | Path, settings: GatewaySettings
    ) -> None:
        """`sessions`: by the model that clients name; the first stands where they name none."""
        self.sessions, self.settings = sessions, settings
        self.house = house_of(sessions)
        """Limits and prices of them all."""
        self._place = ledger
        self._jobs: dict[str, KeyJob] = {}
        self._opening: dict[str, asyncio.Future[KeyJob]] = {}
        self._in_flight: Counter[str] = Counter()
        self.watchers: dict[str, Callable[[Event], None]] = {}
        """By run."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the jobs and their ledgers; the sessions are their opener's."""
        await asyncio.gather(*self._opening.values(), return_exceptions=True)
        jobs, self._jobs = list(self._jobs.values()), {}
        for job in jobs:
            await job.close()

    @contextmanager
    def entered(self, key: Key) -> Iterator[None]:
        """A place among the requests in flight; 429 where there is none."""
        busy = self._in_flight
        if busy.total() >= self.settings.in_flight or busy[key.name] >= key.in_flight:
            wait = {"retry-after": "1"}
            raise ApiError(429, "Too many requests in flight.", code="too_many", headers=wait)
        busy[key.name] += 1
        try:
            yield
        finally:
            busy[key.name] -= 1

    async def solve(
        self, ask: Ask, *, tell: Tell | None = None, watch: Callable[[Event], None] | None = None
    ) -> Outcome:
        """Every choice of a request; raises `ApiError` where there is none.

        `tell`: hears the text of a plain draw as it grows. `watch`: told the events of its runs.
        """
        self._check(ask)
        job = await self._job(ask.key)
        began = time.monotonic()
        choices = range(ask.replicate, ask.replicate + ask.wish.n)
        try:
            results = await together(
                [job.solve(ask, self._told(ask, tell), place, watch) for place in choices]
            )
        finally:
            job.forget(ask.problem.id)
            if job.fatal is not None:
                self._reopen(ask.key, job)
        outcome = Outcome(ask, job.name, tuple(results), time.monotonic() - began)
        failures = [error for one in results if (error := of_result(one, ask.key.budget))]
        if len(failures) == len(results):
            failures[0].headers |= outcome.headers
            raise failures[0]
        return outcome

    def _check(self, ask: Ask) -> None:
        """400 for fields that the model would never see."""
        fields = ask.wish.conversation.fields
        if fields and not takes_fields(self.sessions[ask.model].generator):
            name = next(iter(fields))
            raise ApiError(
                400, f"The model {ask.model!r} takes no {name}.", param=name, code="unsupported"
            )

    def _told(self, ask: Ask, tell: Tell | None) -> Strategy:
        return ask.strategy if tell is None or not ask.plain else Told(ask.strategy, tell)

    async def _job(self, key: Key) -> KeyJob:
        """The key's job, opened with its first request."""
        job = self._jobs.get(key.name)
        if job is None:
            opening = self._opening.get(key.name)
            if opening is None:
                opening = asyncio.ensure_future(self._open(key))
                self._opening[key.name] = opening
            job = await asyncio.shield(opening)  # whoever asked first may leave meanwhile
        return job

    async def _open(self, key: Key) -> KeyJob:
        try:
            job = self._jobs[key.name] = await KeyJob.open(self, key, self._place)
            return job
        finally:
            del self._opening[key.name]

    def _reopen(self, key: Key, job: KeyJob) -> None:
        """What nothing can be sent in any more is closed; the next request opens it afresh."""
        if self._jobs.get(key.name) is job:
            del self._jobs[key.name]
            job.closing = asyncio.ensure_future(job.close())


class KeyJob:
    """The open job of one key."""

    def __init__(self, desk: Desk, ledger: Ledger, job: Job) -> None:
        self._desk, self._ledger, self._job = desk, ledger, job
        self.closing: asyncio.Future[None] | None = None

    @classmethod
    async def open(cls, desk: Desk, key: Key, place: str | Path) -> Self:
        ledger = await asyncio.to_thread(Ledger.open, place, job=key.job)
        row = JobRow(job=key.job, kind="gateway", manifest="{}", created_at=time.time())
        ledger.describe(row)
        leases = JobLeases(ledger)
        await leases.reconcile()
        job = Job(
            desk.house,
            name=key.job,
            journal=ledger,
            leases=leases,
            wallet=key.budget,
            observe=lambda event: _pass_on(desk.watchers, event),
            intents_first=True,
            results_later=True,
        )
        await job.__aenter__()
        return cls(desk, ledger, job)

    @property
    def name(self) -> str:
        return self._job.name

    @property
    def fatal(self) -> TTSError | None:
        return self._job.executor.fatal

    async def solve(
        self, ask: Ask, strategy: Strategy, replicate: int, watch: Callable[[Event], None] | None
    ) -> Result:
        await self._ledger.load(ask.problem.id)
        run = self._job.run_id(ask.problem, strategy, ask.share, replicate)
        if watch is not None:
            self._desk.watchers[run] = watch
        try:
            return await self._job.solve(
                ask.problem,
                strategy,
                ask.share,
                replicate=replicate,
                sampling=ask.sampling,
                watched=watch is not None,
                session=self._desk.sessions[ask.model],
            )
        finally:
            self._desk.watchers.pop(run, None)

    def forget(self, problem_id: str) -> None:
        self._ledger.forget(problem_id)

    async def close(self) -> None:
        try:
            await self._job.__aexit__(None, None, None)
        except TTSError as error:
            LOG.warning(f"{self.name} was not closed in order: {error}")
        finally:
            await self._ledger.close()


class Told:
    """One draw that somebody hears as it grows; in the ledger the strategy that it stands for."""

    def __init__(self, inner: Strategy, tell: Tell) -> None:
        self._inner, self._tell = inner, tell
        self.name, self.parameters = inner.name, inner.parameters

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        [draft] = run.sample(problem)
        async for piece in run.stream(draft):
            self._tell(piece)
        return await draft

    async def finish(self, problem: Problem, run: Run) -> Candidate | None:
        return await self._inner.finish(problem, run)


async def together(runs: list[Coroutine[Any, Any, Result]]) -> list[Result]:
    """What all of them bring; a single one needs no task of its own."""
    if len(runs) == 1:
        return [await runs[0]]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(run) for run in runs]
    return [task.result() for task in tasks]


def house_of(sessions: Mapping[str, Session]) -> Session:
    """The first session, with the generators of all: what a job needs that serves each of them."""
    first = next(iter(sessions.values()))
    served = {f"served {name}": session.generator for name, session in sessions.items()}
    return replace(first, generators={**first.generators, **served})


def _pass_on(watchers: dict[str, Callable[[Event], None]], event: Event) -> None:
    watch = watchers.get(event.run_id)
    if watch is not None:
        watch(event)
