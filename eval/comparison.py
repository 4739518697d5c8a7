"""The main job: every strategy under every budget on every problem, durably."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

import msgspec
from msgspec import Struct

from tts.engine import Job, spell_budget, spell_strategy
from tts.eval.grader import grade_result
from tts.eval.manifest import ONLY_WARNS, manifest
from tts.eval.problems import ProblemSet
from tts.eval.report import Attempt
from tts.eval.spec import ComparisonSpec
from tts.ledger import check_manifest, decode_result
from tts.protocols import JobRow, Journal, Leases, RunRow, Strategy
from tts.values import Budget, Problem, Result


class Records(Journal, Protocol):
    """A journal that also remembers whole runs."""

    async def runs(self) -> Sequence[RunRow]: ...

    async def recorded(self) -> JobRow | None: ...


class Cell(Struct, frozen=True):
    """One run of the grid."""

    problem: Problem
    strategy: Strategy
    budget: Budget
    replicate: int


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
    ) -> None:
        self.spec, self.problems, self.job = spec, problems, job
        self.journal, self.leases, self.told = journal, leases, told
        self.attempts: dict[tuple[str, str, str, int], Attempt] = {}
        self.elsewhere: set[str] = set()
        """Problems that another process of the job is working on."""
        self.suspended = False
        """The wallet ended: what is open stays open."""
        self._window = asyncio.Semaphore(spec.window)

    @property
    def size(self) -> int:
        """Runs of the whole grid."""
        spec = self.spec
        cells = len(spec.strategies) * len(spec.budgets) * spec.repeats
        return cells * len(self.problems.problems)

    async def register(self) -> list[str]:
        """Record what the job is made of; returns mild changes, raises `ManifestChanged`."""
        written = manifest(self.spec, self.problems, self.job.session)
        recorded = await self.journal.recorded()
        if recorded is not None:
            return check_manifest(recorded.manifest, written, warns=ONLY_WARNS)
        row = JobRow(job=self.job.name, kind="comparison", manifest=written, created_at=time.time())
        await self.journal.commit(row)
        return []

    async def run(self) -> None:
        """Every cell that is not finished yet; those that are come from the ledger."""
        finished = {row.run_id: row for row in await self.journal.runs() if row.result}
        async with asyncio.TaskGroup() as group:
            for problem in self.problems.problems:
                group.create_task(self._solve_problem(problem, finished))

    def in_order(self) -> Iterator[Attempt]:
        """The attempts so far: strategies and budgets in the order of the spec."""
        for strategy in self.spec.strategies:
            for budget in self.spec.budgets:
                label = (spell_strategy(strategy), spell_budget(budget))
                for problem in self.problems.problems:
                    for replicate in range(self.spec.repeats):
                        attempt = self.attempts.get((*label, problem.id, replicate))
                        if attempt is not None:
                            yield attempt

    async def _solve_problem(self, problem: Problem, finished: Mapping[str, RunRow]) -> None:
        async with self._window:
            cells = list(self._cells(problem))
            rows = [finished.get(self._run_id(cell)) for cell in cells]
            for cell, row in zip(cells, rows, strict=True):
                if row is not None and row.result is not None:
                    await self._keep(cell, decode_result(row.result, problem))
            open_cells = [cell for cell, row in zip(cells, rows, strict=True) if row is None]
            if open_cells and not self.suspended:
                await self._solve_open(problem, open_cells)

    async def _solve_open(self, problem: Problem, cells: Sequence[Cell]) -> None:
        if not await self.leases.claim(problem.id):
            self.elsewhere.add(problem.id)
            return
        await self.journal.load(problem.id)
        try:
            async with asyncio.TaskGroup() as group:
                for cell in cells:
                    group.create_task(self._solve_cell(cell))
        finally:
            self.journal.forget(problem.id)
        await self.leases.release(problem.id)

    async def _solve_cell(self, cell: Cell) -> None:
        result = await self.job.solve(
            cell.problem, cell.strategy, cell.budget, replicate=cell.replicate
        )
        if result.stopped_by == "suspended":
            self.suspended = True
        await self._keep(cell, result)

    async def _keep(self, cell: Cell, result: Result) -> None:
        attempt = Attempt(
            strategy=spell_strategy(cell.strategy),
            budget=spell_budget(cell.budget),
            problem_id=cell.problem.id,
            grade=await grade_result(result, cell.problem, self.job.session.equivalence),
            answer=result.answer,
            attributed=result.usage,
            billed=result.billed,
            stopped_by=result.stopped_by,
            spend=result.spend,  # type: ignore[arg-type]
            seconds=result.seconds,
            replicate=cell.replicate,
        )
        key = (attempt.strategy, attempt.budget, attempt.problem_id, attempt.replicate)
        self.attempts[key] = attempt
        self.told(attempt)

    def _cells(self, problem: Problem) -> Iterator[Cell]:
        for replicate in range(self.spec.repeats):
            for strategy in self.spec.strategies:
                for budget in self.spec.budgets:
                    yield Cell(problem, strategy, budget, replicate)

    def _run_id(self, cell: Cell) -> str:
        return self.job.run_id(cell.problem, cell.strategy, cell.budget, cell.replicate)


def job_name(spec: ComparisonSpec) -> str:
    """A name for the work that the same command gives again."""
    from hashlib import blake2b

    options = spec.options
    parts = (
        str(options.model),
        str(options.verifier),
        spec.problems,
        spec.limit,
        spec.seed,
        spec.bins,
        spec.revision,
        spec.task,
        options.aggregate,
        dict(options.sampling),
    )
    return "compare-" + blake2b(msgspec.json.encode(parts), digest_size=4).hexdigest()
