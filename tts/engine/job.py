"""A durable piece of work: runs of strategies on problems, on one ledger, under one wallet."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from hashlib import blake2b
from types import TracebackType
from typing import Self, cast

import msgspec

from tts.answers import task_for
from tts.budget import Account, Wallet
from tts.engine.session import Session
from tts.engine.solving import solve
from tts.engine.time_limit import TimeLimit, Waits
from tts.errors import LedgerError, UsageError
from tts.executor import Executor
from tts.ledger import encode_result
from tts.protocols import Journal, Leases, RecordedGenerator, RunRow
from tts.run import Recorded, Run, RunSettings, Strategy, WorstCases, finish_reserve, is_stepwise
from tts.run.generator_call import offers
from tts.values import OPEN, Budget, Dimension, Event, Problem, Result, Sampling

FORCED_TOKENS = 48
"""Most tokens of the forced last answer."""


class Job:
    """Runs strategies; everything of it that finished is found again after a crash."""

    def __init__(
        self,
        session: Session,
        *,
        name: str,
        journal: Journal,
        leases: Leases,
        wallet: Budget | None = None,
        observe: Callable[[Event], None] | None = None,
        texts: bool = False,
        intents_first: bool = False,
        results_later: bool = False,
    ) -> None:
        """`texts`: the observer is told the texts of draws as they grow, which are streamed for
        that. `intents_first`: each call waits until the ledger has it before it is sent, so that a
        process that is killed has sent nothing that is not on record; a commit slower.
        `results_later`: a run is told once all its calls are on disk, its result being on the way
        there; a commit faster, and a process that is killed then leaves it open, to be replayed."""
        self.session, self.name, self.journal, self.leases = session, name, journal, leases
        self.wallet = Wallet((wallet or Budget()).ceilings, leases)
        self.limits = session.limits.shared(leases.rates)
        self.executor = Executor(
            journal,
            job=name,
            wallet=self.wallet,
            limits=self.limits,
            price=session.price,
            price_version=session.prices.version,
            observe=observe,
            intents_first=intents_first,
        )
        self._watched, self._waits = observe is not None, Waits()
        self._texts = texts
        self._results_later = results_later

    async def __aenter__(self) -> Self:
        await self.executor.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.executor.__aexit__(kind, error, trace)
        await self.wallet.close()

    async def solve(
        self,
        problem: Problem,
        strategy: Strategy,
        budget: Budget | None = None,
        *,
        replicate: int = 0,
        sampling: Sampling | None = None,
        limit: TimeLimit | None = None,
        watched: bool = True,
        session: Session | None = None,
    ) -> Result:
        """One strategy on one problem; replayed from the ledger as far as it got before.

        `watched`: whether the job's observer, where there is one, is told of this run.
        `session`: whose model and verifier the run has; None: the job's.
        `limit`: where the budget's seconds began to count before. With a deadline it returns or
        raises within `tts.engine.time_limit.GRACE` seconds of it.
        """
        budget, session = budget or Budget(), session or self.session
        limit = limit or TimeLimit(budget.seconds, self._waits)
        run_id = self.run_id(problem, strategy, budget, replicate)
        recorded = await self._recorded(run_id, problem, limit)
        settings = self._settings(session, problem, run_id, replicate, sampling, recorded, watched)
        run = open_run(settings, strategy, budget, self.executor)
        refuse_uncounted(run, self.wallet.ceilings)
        self.journal.write(self._row(run_id, problem, strategy, budget, replicate))
        ended = await solve(strategy, run, budget, limit)
        result = with_verdict(ended, problem, session=session)
        if result.stopped_by == "failed":
            result = msgspec.structs.replace(result, usage=session.unspent(result.usage))
        if self.executor.fatal is not None:
            raise self.executor.fatal
        if result.stopped_by not in OPEN:
            row = self._concluded(result, self._row(run_id, problem, strategy, budget, replicate))
            if self._results_later:
                self.journal.write(row)
            else:
                await limit.landing(self.journal.commit(row), "the ledger to take its result")
        return result

    def retune(self, concurrency: int | None, per_minute: Mapping[Dimension, float]) -> None:
        """Other limits for what is sent from here on; None, or no rate: as it is.

        The rates are those of the default model, as all processes of a ledger share them.
        """
        models = [generator.model.name for generator in self.session.generators.values()]
        if concurrency is not None:
            self.limits.gate.retune(concurrency, dict.fromkeys(models))
        if per_minute and self.leases.rates is not None:
            self.limits.retune_rate(models[0], per_minute, self.leases.rates)

    async def drain(self, patience: float) -> None:
        """Send nothing more, and wait so many seconds at most for what is in flight."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self.wallet.drain()

    def run_id(self, problem: Problem, strategy: Strategy, budget: Budget, replicate: int) -> str:
        """The same for the same cell of the same job, in every process."""
        parts = (self.name, problem.id, strategy_json(strategy), budget_json(budget), replicate)
        return blake2b(msgspec.json.encode(parts), digest_size=8).hexdigest()

    async def _recorded(self, run_id: str, problem: Problem, limit: TimeLimit) -> Recorded:
        if self.journal.is_new(run_id, problem.id):
            return Recorded.of((), ())
        found: list[Recorded] = []

        async def read() -> None:
            rows = await self.journal.outcomes(run_id), await self.journal.uses(run_id)
            found.append(Recorded.of(*rows, await self.journal.billed(run_id)))

        if not await limit.landing(read(), "the ledger to say what it knows"):
            raise LedgerError(
                "The ledger gave no answer before the deadline of the run had passed."
            )
        return found[0]

    def _settings(
        self,
        session: Session,
        problem: Problem,
        run_id: str,
        replicate: int,
        sampling: Sampling | None,
        recorded: Recorded,
        watched: bool,
    ) -> RunSettings:
        return RunSettings(
            run_id=run_id,
            job=self.name,
            problem=msgspec.structs.replace(problem, answer=None),
            task=task_for(problem.task, session.generator.model.name),
            generators=session.generators,
            verifier=session.verifier,
            retrieval=session.retrieval,
            execution=session.execution,
            scripts=session.scripts,
            demonstrations=session.demonstrations,
            equivalence=session.equivalence,
            sampling=sampling or session.sampling,
            seed=replicate,
            recorded=recorded,
            forced_tokens=FORCED_TOKENS,
            watched=self._watched and watched,
            heard=self._watched and watched and self._texts,
        )

    def _row(
        self, run_id: str, problem: Problem, strategy: Strategy, budget: Budget, replicate: int
    ) -> RunRow:
        return RunRow(
            job=self.name,
            run_id=run_id,
            problem_id=problem.id,
            strategy=strategy_json(strategy),
            budget=budget_json(budget),
            replicate=replicate,
        )

    def _concluded(self, result: Result, row: RunRow) -> RunRow:
        return msgspec.structs.replace(
            row,
            result=encode_result(result, self.journal.find),
            stopped_by=result.stopped_by,
            attributed=result.usage,
            billed=result.billed_in_all,
            seconds=result.seconds,
        )


def open_run(settings: RunSettings, strategy: Strategy, budget: Budget, executor: Executor) -> Run:
    """A Run with the share of its end set aside; raises where the budget cannot hold both."""
    account = Account(budget.ceilings)
    run = Run(settings, scheduler=executor, account=account)
    refuse_uncounted(run, budget.ceilings)
    if account.capped:
        unpriced = WorstCases.of(settings, run.generation())
        run.worst_cases = WorstCases(
            forced=executor.price_of(run, unpriced.forced),
            draw=executor.price_of(run, unpriced.draw),
        )
        stepwise = is_stepwise(strategy)
        run.reserve_finish(finish_reserve(budget, run.worst_cases, stepwise=stepwise))
    return run


def refuse_uncounted(run: Run, ceilings: Collection[Dimension]) -> None:
    """Raise `UsageError` for a ceiling in what an agent spends and nobody counts."""
    reporting = run.generation().reporting
    refused = sorted(set(ceilings) & reporting.uncounted) if reporting is not None else []
    if refused:
        raise UsageError(
            f"{refused[0]} cannot be capped: {run.generation().spec.model} declares none. Say what a"
            " run may spend at most: most=AgentSpend(prompt_tokens=…, completion_tokens=…)."
        )


def with_verdict(result: Result, problem: Problem, *, session: Session) -> Result:
    """A result with what was recorded of its answer, where it came from recorded draws.

    It is looked up when the run has ended: no strategy sees it.
    """
    recorded = [g for g in session.generators.values() if offers(g, RecordedGenerator)]
    if not recorded:
        return result
    sources = cast("list[RecordedGenerator]", recorded)
    seen = [kept.candidate for kept in result.candidates]
    verdicts = (source.verdict(problem, result.candidate, seen) for source in sources)
    told = next((verdict for verdict in verdicts if verdict is not None), None)
    return result if told is None else msgspec.structs.replace(result, recorded=told)


def strategy_json(strategy: Strategy) -> str:
    """Name and parameters, canonical."""
    content = {"name": strategy.name, "parameters": strategy.parameters}
    return msgspec.json.encode(content, order="deterministic").decode()


def budget_json(budget: Budget) -> str:
    """The ceilings that are set, canonical."""
    return msgspec.json.encode(budget, order="deterministic").decode()
