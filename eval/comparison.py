"""The main job: every strategy under every budget on every problem, durably."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Protocol

from tts.engine import Job, spell_budget, spell_strategy
from tts.engine.estimate import prompt_tokens, refuse
from tts.engine.solving import unbegun
from tts.errors import StrategyError, Unrecordable, UsageError
from tts.eval.attempts import Attempt, grade_result
from tts.eval.grid import Attempts, Key, Place, attempt_of, in_order
from tts.eval.manifest import compare, manifest
from tts.eval.problems import ProblemSet, canonical, shuffled
from tts.eval.sharing import Sharing
from tts.eval.spec import ComparisonSpec
from tts.ledger import decode_summary
from tts.protocols import JobRow, Journal, Leases, Row, RunRow, TextRow
from tts.run import SaysFitted, Strategy
from tts.values import Budget, Problem, Result, StoppedBy

RETRIED: frozenset[StoppedBy] = frozenset({"failed", "incomplete"})
"""Ends that `retry_failed` takes back."""

PART = 500
"""Problems whose ended runs are read at once: a result is larger than what is kept of it."""


class Records(Journal, Protocol):
    """A journal that also remembers whole runs."""

    async def runs(self, problems: Collection[str] | None = None) -> Sequence[RunRow]: ...

    async def ended(self) -> Collection[str]: ...

    async def recorded(self) -> JobRow | None: ...

    async def reopen(self, runs: Sequence[str]) -> None: ...

    def describe(self, *rows: Row) -> None: ...


class Cell(Place, frozen=True):
    """One run of the grid, with what it is made of."""

    strategy: Strategy
    budget: Budget


class Comparison:
    """Runs the grid. Attempts appear in `attempts` as they end, so that an interruption at any
    moment leaves a usable part; the same comparison on the same ledger goes on from there."""

    def __init__(
        self,
        spec: ComparisonSpec,
        *,
        problems: ProblemSet,
        job: Job,
        journal: Records,
        leases: Leases,
        told: Callable[[Attempt], None] = lambda _: None,
        retry_failed: bool = False,
        pilot: int | None = None,
    ) -> None:
        """`retry_failed`: runs that failed, or lost draws, for a reason that stays run again.
        `pilot`: only the first so many problems, a fair sample where they are shuffled."""
        self.spec, self.problems, self.job = spec, problems, job
        self.journal, self.leases, self.told = journal, leases, told
        self.retry_failed, self.pilot = retry_failed, pilot
        self.attempts = Attempts()
        self.taken = set[Key]()
        """The places of runs that had ended before, or have in another process."""
        self.columns = [
            ((spell_strategy(strategy), spell_budget(budget)), strategy, budget)
            for strategy in spec.strategies
            for budget in spec.budgets
        ]
        self.suspended = False
        """The wallet ended: what is open stays open."""
        self.interrupted = False
        """It was cut short from outside."""
        chosen = problems.problems
        self.order = chosen if spec.order == "given" else shuffled(chosen, seed=spec.seed or 0)
        """The problems as they are begun."""
        self._problems = {problem.id: problem for problem in self.order}
        self._sharing = Sharing(
            leases,
            window=spec.window,
            solve=self._solve_problem,
            ended=self._ended,
            over=lambda: self.suspended,
        )

    @property
    def elsewhere(self) -> Collection[str]:
        """Problems that another process of the job is working on."""
        return self._sharing.elsewhere

    @property
    def size(self) -> int:
        """Runs of the whole grid."""
        spec = self.spec
        cells = len(spec.strategies) * len(spec.budgets) * spec.repeats
        return cells * len(self.problems.problems)

    async def register(self) -> list[str]:
        """What the job is made of, to be recorded with its first call; returns mild changes, raises
        `ManifestChanged`."""
        written = manifest(self.spec, self.problems, self.job.session)
        recorded = await self.journal.recorded()
        if recorded is not None:
            return compare(recorded.manifest, written, self.spec)
        row = JobRow(job=self.job.name, kind="comparison", manifest=written, created_at=time.time())
        chosen = self.problems.problems
        self.journal.describe(row, TextRow(self.problems.digest, canonical(chosen)))
        return []

    async def run(self) -> None:
        """Every cell that is not finished yet; those that are come from the ledger."""
        if self.retry_failed:
            rows = await self.journal.runs()
            await self.journal.reopen([row.run_id for row in rows if row.stopped_by in RETRIED])
        ended = await self.journal.ended()
        left = [
            problem
            for problem in self.order[: self.pilot]
            if any(self._run_id(cell) not in ended for cell in self._cells(problem))
        ]
        await self._refuse_what_cannot_work(left)
        async with asyncio.TaskGroup() as group:  # of what has ended a report is made, and no call
            group.create_task(self.take_in())
            await self._sharing.run([problem.id for problem in left])

    async def take_in(self) -> None:
        """Keep every run that the ledger holds the end of, whoever ran it."""
        names = [problem.id for problem in self.order]
        for start in range(0, len(names), PART):
            await self._take_in(names[start : start + PART])

    def in_order(self) -> Iterator[Attempt]:
        """The attempts so far: strategies and budgets in the order of the spec.

        In a part, those outside its fair sample do not count.
        """
        yield from in_order(
            self.attempts,
            columns=[labels for labels, *_ in self.columns],
            problems=self.problems.problems,
            order=self.order,
            repeats=self.spec.repeats,
        )

    async def _refuse_what_cannot_work(self, problems: Sequence[Problem]) -> None:
        """Raise the `UsageError` of a cell that no run could begin in, before anything is sent."""
        if not problems:
            return
        spec, session = self.spec, self.job.session
        named = {name: one.model for name, one in session.generators.items()}
        models = {name: f"{one.name} {one.revision}".strip() for name, one in named.items()}
        judge = session.verifier.identity if session.verifier else None
        for strategy in spec.strategies:
            if isinstance(strategy, SaysFitted):
                strategy.refuse(self.problems.problems, models, judge)
        longest = max(problems, key=lambda one: prompt_tokens(one, session))
        await refuse(longest, spec.strategies, spec.budgets, session, wallet=spec.wallet)

    async def _take_in(self, names: Collection[str]) -> None:
        """Keep what has ended of some problems, whoever ran it."""
        ended: dict[str, dict[str, RunRow]] = defaultdict(dict)
        for row in await self.journal.runs(names):
            if row.result is not None and row.problem_id in self._problems:
                ended[row.problem_id][row.run_id] = row
        window = asyncio.Semaphore(self.spec.window)

        async def take(problem: Problem, found: dict[str, RunRow]) -> None:
            async with window:
                for cell in self._open_cells(problem):
                    row = found.get(self._run_id(cell))
                    if row is not None and row.result is not None:
                        self.taken.add(cell.key)
                        await self._keep(cell, decode_summary(row.result, problem))

        async with asyncio.TaskGroup() as group:
            for name, found in ended.items():
                group.create_task(take(self._problems[name], found))

    async def _ended(self, names: Collection[str]) -> list[str]:
        """Those of the problems of which every cell has ended by now, wherever it ran."""
        await self._take_in(names)
        return [name for name in names if not self._open_cells(self._problems[name])]

    async def _solve_problem(self, name: str) -> None:
        await self._take_in((name,))
        problem = self._problems[name]
        cells = self._open_cells(problem)
        if not cells:
            return
        await self.journal.load(name)
        try:
            async with asyncio.TaskGroup() as group:
                for cell in cells:
                    group.create_task(self._solve_cell(cell))
        finally:
            self.journal.forget(name)

    async def _solve_cell(self, cell: Cell) -> None:
        """A cell that cannot work ends alone: what the others have paid for goes on."""
        try:
            result = await self.job.solve(
                cell.problem, cell.strategy, cell.budget, replicate=cell.replicate
            )
        except (UsageError, StrategyError, Unrecordable) as error:
            result = unbegun(cell.problem, str(error), "failed")
        if result.stopped_by == "suspended":
            self.suspended = True
        await self._keep(cell, result)

    async def _keep(self, cell: Cell, result: Result) -> None:
        grade = await grade_result(result, cell.problem, self.job.session.equivalence)
        attempt = self.attempts[cell.key] = attempt_of(cell, result, grade)
        self.told(attempt)

    def _open_cells(self, problem: Problem) -> list[Cell]:
        """The runs of a problem that have not ended."""
        return [cell for cell in self._cells(problem) if not self._has_ended(cell)]

    def _cells(self, problem: Problem) -> Iterator[Cell]:
        return (
            Cell(problem, labels, replicate, strategy, budget)
            for replicate in range(self.spec.repeats)
            for labels, strategy, budget in self.columns
        )

    def _has_ended(self, cell: Cell) -> bool:
        attempt = self.attempts.get(cell.key)
        return attempt is not None and attempt.ended

    def _run_id(self, cell: Cell) -> str:
        return self.job.run_id(cell.problem, cell.strategy, cell.budget, cell.replicate)
