"""The SDK: solve a problem with a strategy under a budget."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from functools import cache
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar, overload

import msgspec

from tts.engine.asks import Asks
from tts.engine.job import Job
from tts.engine.planned import CompiledPlan, PlanResult, TaskPlanner, Tools
from tts.engine.registry import usable
from tts.engine.session import Session, open_session
from tts.engine.solving import unbegun
from tts.engine.spelling import parse_budget, parse_strategy
from tts.engine.time_limit import TimeLimit, Waits
from tts.errors import BadInput
from tts.ledger import Ledger, MemoryJournal, MemoryLeases
from tts.options import SessionOptions
from tts.planner import PlanCache, PlanSettings
from tts.protocols import Generator, JobRow, Journal, Leases, SelfReporting
from tts.run import Strategy, Verifier
from tts.tools.shielded import in_thread
from tts.values import Budget, Event, Problem, Result

LONGEST_ID = 200
"""Characters of a problem's id in the ledger."""


SEEDS = 1 << 63
"""Seeds lie below it, as the ledger's numbers do."""


class Engine:
    """Spends compute on problems: a model, perhaps a verifier, strategies, budgets.

    Async first, with sync twins that also work inside a running event loop and in notebooks. Use
    it as a context manager, or close it, so that models and connections are released.
    """

    def __init__(
        self,
        model: str | Generator = SessionOptions.model,
        *,
        verifier: str | Verifier | None = SessionOptions.verifier,
        models: Mapping[str, str | Generator] | None = None,
        ledger: str | Path | None = None,
        job: str = "sdk",
        **options: Any,
    ) -> None:
        """Describe the engine; nothing is opened before the first call.

        Args:
            model: a name such as `embedded:small` or `openai:gpt-5-mini`, or a Generator.
            verifier: a name, a Verifier, None, or `auto`: the embedded reward model beside an
                embedded model, none beside others.
            models: further generators by name, for strategies that use several.
            ledger: a file or database URL that records and re-finds every call; None: memory.
            job: name of the work in the ledger; calls are shared within one job.
            options: fields of `SessionOptions`: sampling, limits, prices, base_url, ….
        """
        self.options = SessionOptions.of(
            model=model, verifier=verifier, models=models or {}, **options
        )
        if ledger is not None and not isinstance(ledger, str | Path):
            raise BadInput(f"ledger={ledger!r}: a file or a database URL is needed.")
        self.ledger, self.job = ledger, job
        self._session: Session | None = None
        self._waits = Waits()
        self._ledger: Ledger | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def session(self) -> Session:
        """The open resources, opened once."""
        if self._session is None:
            async with Asks(self.options, books=self._books, job=self.job) as asks:
                self._session = await open_session(self.options, asks=asks)
        return self._session

    async def close(self) -> None:
        """Close models, connections and the ledger; the engine opens them again when used."""
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()
        if self._ledger is not None:
            ledger, self._ledger = self._ledger, None
            await ledger.close()

    @overload
    async def solve(
        self,
        problem: str | Problem,
        *,
        strategy: str | Strategy = ...,
        budget: str | Budget | None = ...,
        replicate: int = ...,
        observe: Callable[[Event], None] | None = ...,
        texts: bool = ...,
    ) -> Result: ...

    @overload
    async def solve(
        self,
        problem: str | Problem,
        *,
        tools: Tools,
        planning: PlanSettings | None = ...,
        strategies: Sequence[str] = ...,
        plans: PlanCache | None = ...,
        budget: str | Budget | None = ...,
        replicate: int = ...,
        observe: Callable[[Event], None] | None = ...,
        texts: bool = ...,
    ) -> PlanResult: ...

    async def solve(
        self,
        problem: str | Problem,
        *,
        strategy: str | Strategy = "majority_vote",
        tools: Tools | None = None,
        planning: PlanSettings | None = None,
        strategies: Sequence[str] = (),
        plans: PlanCache | None = None,
        budget: str | Budget | None = None,
        replicate: int = 0,
        observe: Callable[[Event], None] | None = None,
        texts: bool = False,
    ) -> Result | PlanResult:
        """The best answer to one problem; with `tools`, by a plan of calls.

        Args:
            problem: its text, or a Problem.
            strategy: `best_of_n(n=16)` and the like, or a Strategy.
            tools: compile the problem into calls of these instead, as parallel as they are.
            planning: how plans are written, checked and run.
            strategies: what a plan may think with, `best_of_n(n=4)` for example.
            plans: plans of earlier tasks, to be used again for tasks of the same shape.
            budget: `4k tokens`, `0.02 dollars, 30 seconds`, or a Budget; None: no ceiling.
            replicate: another number gives other draws.
            observe: told every event as it happens.
            texts: tell it the texts of draws as well, as they grow; they are streamed for that.

        Raises `UsageError` for what cannot work; a failed call is data in the result.
        """
        if tools is not None:
            return await self._planner.solve(
                self._problem(problem),
                tools,
                settings=planning,
                strategies=tuple(strategies),
                cache=plans,
                budget=budget,
                replicate=replicate,
                observe=observe,
                texts=texts,
            )
        return await self.apply(
            parse_strategy(strategy) if isinstance(strategy, str) else usable(strategy),
            self._problem(problem),
            budget=budget,
            replicate=replicate,
            observe=observe,
            texts=texts,
        )

    async def apply(
        self,
        strategy: Strategy,
        problem: Problem,
        *,
        budget: str | Budget | None = None,
        replicate: int = 0,
        observe: Callable[[Event], None] | None = None,
        texts: bool = False,
    ) -> Result:
        """`solve` for values that are ready: one strategy on one problem.

        A deadline counts from here: what has to be opened first takes its time from it.
        """
        ceiling = budget if budget is None or isinstance(budget, Budget) else parse_budget(budget)
        if isinstance(replicate, bool) or not isinstance(replicate, int):
            raise BadInput(f"replicate={replicate!r}: a whole number is needed.")
        if not -SEEDS <= replicate < SEEDS:
            raise BadInput(f"replicate={replicate!r}: a number of at most 64 bits is needed.")
        if observe is not None and not callable(observe):
            raise BadInput(f"observe={observe!r}: a function that takes an event is needed.")
        limit = TimeLimit(ceiling.seconds if ceiling else None, self._waits)
        clock, opening = asyncio.timeout_at(limit.deadline), f"{self.options.model} to open"
        try:
            async with clock:
                session = await self.session()
                opening = "the ledger to open"
                with limit.waits.said(opening):
                    journal = await self._journal(limit)
                    await journal.load(problem.id)
        except TimeoutError:
            if not clock.expired():
                raise
            waited = f"The deadline passed while the run waited for {opening}."
            return unbegun(problem, waited, "deadline")
        job = Job(
            session,
            name=self.job,
            journal=journal,
            leases=MemoryLeases(),
            observe=observe,
            texts=texts,
        )
        async with job:
            return await job.solve(problem, strategy, ceiling, replicate=replicate, limit=limit)

    async def compile(
        self, task: str | Problem, *, tools: Tools, planning: PlanSettings | None = None, **how: Any
    ) -> CompiledPlan:
        """The checked plan of a task, without making any of its calls."""
        return await self._planner.compile(self._problem(task), tools, settings=planning, **how)

    @property
    def _planner(self) -> TaskPlanner:
        return TaskPlanner(self.session, self.apply)

    async def stream(self, problem: str | Problem, **how: Any) -> AsyncIterator[Event]:
        """The events of a solve as they happen; the last one holds the result.

        `how` as of `solve`: with `texts=True` the texts of draws are among them, as they grow.
        """
        events: asyncio.Queue[Event | None] = asyncio.Queue()
        solving = asyncio.create_task(self.solve(problem, observe=events.put_nowait, **how))
        solving.add_done_callback(lambda _: events.put_nowait(None))
        try:
            while (event := await events.get()) is not None:
                yield event
            await solving
        finally:
            solving.cancel()
            await asyncio.wait([solving])

    def solve_sync(self, problem: str | Problem, **how: Any) -> Result:
        """`solve` for code without an event loop, or inside one that must not be entered."""
        result: Any = run_sync(self.solve(problem, **how))
        return result  # type: ignore[no-any-return]

    def close_sync(self) -> None:
        run_sync(self.close())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close_sync()

    async def _books(self) -> tuple[Journal, Leases]:
        return await self._journal(TimeLimit(None)), MemoryLeases()

    async def _journal(self, limit: TimeLimit) -> Ledger | MemoryJournal:
        """The ledger, opened once; without one, a memory that ends with the solve."""
        place = self.ledger
        if place is None:
            return MemoryJournal(job=self.job)
        if self._ledger is None:
            if limit.deadline is None:
                self._ledger = Ledger.open(place, job=self.job)
            else:  # whoever holds the file may hold it for longer than there is time
                self._ledger = await in_thread(lambda: Ledger.open(place, job=self.job))
            content = {"model": str(self.options.model), "verifier": str(self.options.verifier)}
            manifest = msgspec.json.encode(content, order="deterministic").decode()
            self._ledger.describe(
                JobRow(job=self.job, kind="sdk", manifest=manifest, created_at=time.time())
            )
        return self._ledger

    def _problem(self, text: str | Problem) -> Problem:
        if isinstance(text, Problem):
            return text
        if not isinstance(text, str):
            raise BadInput(f"The problem is a text or a tts.Problem, not {text!r}.")
        if not text.strip():
            raise BadInput("The problem is empty.")
        if any("\ud800" <= letter <= "\udfff" for letter in text):
            raise BadInput("The problem holds half a character (a lone surrogate): no UTF-8 text.")
        return Problem(id=problem_id(text.strip()), prompt=text.strip(), task=self._task())

    def _task(self) -> str:
        """Of a problem that is given as a text."""
        if self.options.corpus is not None or not isinstance(self.options.retriever, str):
            return "qa"
        model = self.options.model
        if isinstance(model, SelfReporting):
            return model.task
        if self.options.backend == "agent":
            from tts.engine.open_agent import loaded

            return loaded(str(model).partition(":")[2]).task
        if self.options.backend != "embedded":
            return "math"
        from tts.backends.embedded.model import task_of

        return task_of(str(self.options.model).partition(":")[2])


def problem_id(prompt: str) -> str:
    """The prompt itself where it is short, else its beginning and a digest of all of it."""
    if len(prompt) <= LONGEST_ID:
        return prompt
    digest = blake2b(prompt.encode(), digest_size=8).hexdigest()
    return f"{prompt[: LONGEST_ID - len(digest) - 1]}-{digest}"


T = TypeVar("T")


def run_sync(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on the process's one background loop, so that open resources stay usable."""
    ended = threading.Event()
    future = asyncio.run_coroutine_threadsafe(_told(coroutine, ended), _loop())
    try:
        return future.result()
    except BaseException:
        if future.cancel():
            ended.wait(timeout=10)
        raise


async def _told(coroutine: Coroutine[Any, Any, T], ended: threading.Event) -> T:
    try:
        return await coroutine
    finally:
        ended.set()


@cache
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="tts-loop", daemon=True).start()
    return loop
