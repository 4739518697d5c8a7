"""A comparison from its spec to its report: opens what it needs, closes it, loses nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import msgspec

from tts.budget.idealised_runtime import read_runtimes
from tts.engine import Job, Session, open_session, spell_strategy
from tts.engine.asks import Asks, longest
from tts.equivalence import Verdict
from tts.errors import CallError, TakenOver, TTSError, UnknownName, UsageError
from tts.eval.comparison import Comparison
from tts.eval.grading import verdicts_beside
from tts.eval.grid import part_told
from tts.eval.idealised import Idealised, fits_of
from tts.eval.jobs.obey import obeying
from tts.eval.kept import Kept
from tts.eval.manifest import job_name
from tts.eval.pilot import Pilot, estimate_and_bill, pilot_of
from tts.eval.problems import ProblemSet, problems_of
from tts.eval.report import ComparisonReport, assemble
from tts.eval.selected import with_selected
from tts.eval.selection import unlike
from tts.eval.spec import ComparisonSpec
from tts.ledger import Bill, Controls, JobLeases, Ledger, Questions, Submission
from tts.ledger.watching import Watcher as LedgerWatcher
from tts.strategies.parts.cautions import cautions
from tts.values import NOTHING

MOST_SKIPPED = 20
"""Skipped rows that a report names one by one."""
DOUBT = "attempts may have been sent, and nobody knows how they ended: what is billed"
"""In the warning about a bill that holds worst cases."""
Watcher = Callable[[Comparison], None]
"""Told once, when the grid is known and before anything is sent."""


async def run_comparison(
    spec: ComparisonSpec,
    *,
    ledger: str | Path,
    job: str = "",
    watch: Watcher = lambda _: None,
    retry_failed: bool = False,
    submitted: Submission | None = None,
    pilot: int | None = None,
    watched_by: Sequence[LedgerWatcher] = (),
) -> ComparisonReport:
    """Run a comparison, or go on with it, and report; `retry_failed` as for `Comparison`.

    `submitted`: kept in the ledger, so that it stands in the list of jobs. A comparison that stands
    there does what its job is told while it runs. `pilot`: run only the first so many problems, and
    keep with the job what they foretell of all. `watched_by`: told of all that is written.

    Cancelling it leaves everything that finished in the ledger and returns the report of that
    part, what other processes and earlier starts have ended included; before the grid is known
    there is nothing to report, and it is just cancelled. Raises `UsageError` for what cannot work,
    `LedgerError` where the ledger fails.
    """
    baseline(spec)  # a wrong name, or file, is told before anything is spent
    if spec.runtimes is not None:
        read_runtimes(spec.runtimes)
    problems = problems_of(spec)
    async with AsyncExitStack() as stack:
        books = _Books(stack, ledger, job or job_name(spec), watched_by)
        session = await _opened(spec, books, verdicts_beside(ledger))
        stack.push_async_callback(session.close)
        journal, leases = await books.open()
        controls = Controls(journal.engine)
        spec = _as_ordered(spec, controls.find(journal.job), submitted)
        spec = _all_at_once(spec, problems) if session.batched else spec
        work = Job(session, name=journal.job, journal=journal, leases=leases, wallet=spec.wallet)
        comparison = Comparison(
            spec,
            problems=problems,
            job=work,
            journal=journal,
            leases=leases,
            retry_failed=retry_failed,
            pilot=pilot,
        )
        changes = await comparison.register()
        known, began = _kept(controls, comparison, submitted), time.monotonic()
        watch(comparison)
        async with obeying(controls if known else None, work) as halted:
            fault = await _run(comparison)
        if pilot and known and not fault and not comparison.interrupted:
            _foretold(controls, comparison, pilot, took=time.monotonic() - began)
        told = report(comparison, changes=changes, fault=fault, halted=halted.reason)
        told = _beside_the_books(told, journal)
        if not comparison.interrupted:
            told = await with_selected(
                told, problems.problems, ledger, work.name, equivalence=session.equivalence
            )
        if known and not pilot and not comparison.interrupted:
            _concluded(controls, work.name, told, suspended=comparison.suspended)
        return told


def _foretold(controls: Controls, comparison: Comparison, pilot: int, *, took: float) -> None:
    """Keep what a pilot says of its job."""
    problems = comparison.order[:pilot]
    chosen = {problem.id for problem in problems}
    attempts = [one for one in comparison.attempts.values() if one.problem_id in chosen]
    found = pilot_of(
        attempts,
        problems=problems,
        whole=len(comparison.order),
        took=took,
        window=comparison.spec.window,
    )
    controls.foretell(comparison.job.name, msgspec.json.encode(found).decode())


def _beside_the_books(told: ComparisonReport, journal: Ledger) -> ComparisonReport:
    """With what a pilot foretold of the job, and what is not known of its bill."""
    told = _beside_estimate(told, Controls(journal.engine).find(journal.job))
    return _with_doubts(told, Questions(journal.engine).doubtful(journal.job))


def _beside_estimate(told: ComparisonReport, known: Submission | None) -> ComparisonReport:
    """With what a pilot foretold of the bill, beside the bill so far."""
    if known is None or not known.estimate:
        return told
    found = msgspec.json.decode(known.estimate, type=Pilot)
    billed = sum((row.billed for row in told.rows), NOTHING)
    line = ("estimate", estimate_and_bill(found, billed))
    return msgspec.structs.replace(told, manifest=(*told.manifest, line))


def _with_doubts(told: ComparisonReport, found: Bill | None) -> ComparisonReport:
    """With a warning where what was billed holds worst cases, as a killed process leaves them."""
    if found is None or not found.unknown:
        return told
    worst = found.upper.tokens - found.lower.tokens
    said = f"{found.unknown:,} {DOUBT} counts them at their worst, {worst:,} tokens."
    return msgspec.structs.replace(told, warnings=(*told.warnings, said))


def _as_ordered(
    spec: ComparisonSpec, found: Submission | None, submitted: Submission | None
) -> ComparisonSpec:
    """With the wallet that was ordered since; a job that is submitted anew has the one it names."""
    same = found is not None and (submitted is None or submitted.recipe == found.recipe)
    if found is None or not same or found.orders.wallet is None:
        return spec
    return replace(spec, wallet=found.orders.wallet)


def _all_at_once(spec: ComparisonSpec, problems: ProblemSet) -> ComparisonSpec:
    """With every problem open together: one file of a batch holds a round of all of them."""
    return replace(spec, window=max(spec.window, len(problems.problems)))


def _kept(controls: Controls, comparison: Comparison, submitted: Submission | None) -> bool:
    """Whether the comparison stands in the list of jobs; its size is known by now."""
    name = comparison.job.name
    if submitted is not None:
        controls.submit(submitted)
    elif controls.find(name) is None:
        return False
    controls.plan(name, comparison.size)
    return True


def _concluded(controls: Controls, job: str, told: ComparisonReport, *, suspended: bool) -> None:
    """Say in the list of jobs that it is done, or what it waits for."""
    if not told.partial and not told.fault:
        controls.end(job)
    elif suspended:
        controls.stop(job, "Its wallet ended: give it more with tts job retune.")
    else:
        controls.stop(job, told.fault or f"{told.partial}; tts job resume tries again.")


class _Books:
    """The ledger of a job, opened when something is first written: a refusal leaves none."""

    def __init__(
        self,
        stack: AsyncExitStack,
        ledger: str | Path,
        job: str,
        watched_by: Sequence[LedgerWatcher],
    ) -> None:
        self._stack, self._ledger, self.job = stack, ledger, job
        self._watched_by = watched_by
        self._opened: tuple[Ledger, JobLeases] | None = None

    async def open(self) -> tuple[Ledger, JobLeases]:
        if self._opened is None:
            journal = Ledger.open(self._ledger, job=self.job, watched_by=self._watched_by)
            await self._stack.enter_async_context(journal)
            leases = JobLeases(journal)
            await leases.reconcile()
            self._opened = journal, leases
        return self._opened


async def _opened(spec: ComparisonSpec, books: _Books, verdicts: Kept[Verdict]) -> Session:
    """The session; what its endpoints have to be asked is in the ledger and under the wallet."""
    asks = Asks(
        spec.options,
        books=books.open,
        job=books.job,
        wallet=spec.wallet,
        longest=longest(spec.budgets),
    )
    async with asks:
        return await open_session(spec.options, asks=asks, verdicts=verdicts)


async def _run(comparison: Comparison) -> str:
    """Until it is done or interrupted; what stopped it: credit that ended, a ledger that failed.

    A `UsageError` before any run has ended is raised as itself: there is nothing to report. So is
    `TakenOver`: others go on with the job, and it waits for nobody.
    """
    try:
        async with comparison.job:
            await comparison.run()
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None:
            task.uncancel()
        comparison.interrupted = True
        await comparison.take_in()
        return ""
    except BaseExceptionGroup as group:
        error = first_error(group)
        begun = comparison.attempts or not isinstance(error, UsageError)
        if not isinstance(error, TTSError) or isinstance(error, TakenOver) or not begun:
            raise error from group
        return fault(error, comparison)
    return ""


def fault(error: TTSError, comparison: Comparison) -> str:
    """What stopped the job, whose model it was, and how it goes on."""
    said = " ".join(str(error).split()).rstrip(".")
    todo = "Mend that"
    if isinstance(error, CallError):
        model = next(iter(comparison.job.session.generators.values())).model.name
        said, todo = f"Model {model!r}: {said}", "Mend the account, the key or the server"
    return f"{said}. {todo} and run the same command again: it goes on from here."


def first_error(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first single error of nested groups."""
    error = group.exceptions[0]
    return first_error(error) if isinstance(error, BaseExceptionGroup) else error


def report(
    comparison: Comparison, *, changes: list[str], fault: str = "", halted: str = ""
) -> ComparisonReport:
    """The report of what has ended so far."""
    spec, attempts = comparison.spec, list(comparison.in_order())
    warnings = skipped_rows(comparison.problems)
    warnings += [f"Changed since the job began: {change}" for change in changes]
    model = next(iter(comparison.job.session.generators.values()))
    told = (caution for strategy in spec.strategies for caution in cautions(strategy, model))
    warnings += dict.fromkeys(told)
    warnings += unlike(spell_strategy(strategy) for strategy in spec.strategies)
    if comparison.elsewhere:
        warnings.append(f"{len(comparison.elsewhere)} problems are open in other processes.")
    if halted:
        warnings.append(f"The job was {halted}: tts job resume {comparison.job.name} goes on.")
    if comparison.suspended:
        warnings.append("The job's wallet ended; give it more and run the same command again.")
    return assemble(
        attempts,
        comparison.problems.problems,
        title=spec.title,
        seed=0,
        baseline=baseline(spec) if attempts else None,
        manifest=summary(comparison),
        warnings=[*([fault] if fault else []), *warnings],
        fault=fault,
        partial=partial(comparison),
        planned=spec.repeats * len(comparison.problems.problems),
        idealised=_fits(spec, comparison.job.session),
    )


def _fits(spec: ComparisonSpec, session: Session) -> Idealised | None:
    names = [generator.model.name for generator in session.generators.values()]
    judge = session.verifier.identity if session.verifier else None
    found = session.retrieval
    return fits_of(spec.runtimes, names, judge, found.retriever.identity if found else None)


def partial(comparison: Comparison) -> str:
    """What is missing of a comparison; empty where nothing is."""
    done = sum(attempt.ended for attempt in comparison.attempts.values())
    return part_told(done, comparison.size, shuffled=comparison.spec.order == "shuffled")


def skipped_rows(problems: ProblemSet) -> list[str]:
    """The rows that were left out, the first of them with their reasons."""
    shown = [
        f"Line {row.line} was skipped: {row.reason}" for row in problems.skipped[:MOST_SKIPPED]
    ]
    more = len(problems.skipped) - len(shown)
    return [*shown, f"{more:,} more lines were skipped."] if more else shown


def baseline(spec: ComparisonSpec) -> str | None:
    """The label of the strategy that the others are compared with; a bare name is the first of it."""
    labels = [spell_strategy(strategy) for strategy in spec.strategies]
    named = {label: label for label in labels}
    for strategy, label in zip(spec.strategies, labels, strict=True):
        named.setdefault(strategy.name, label)
    if spec.baseline and spec.baseline not in named:
        raise UnknownName("strategy to be the --baseline", spec.baseline, named)
    if len(labels) < 2:
        return None
    return named[spec.baseline] if spec.baseline else labels[0]


def summary(comparison: Comparison) -> dict[str, str]:
    """What was run, for the head of the report."""
    session: Session = comparison.job.session
    spec, problems = comparison.spec, comparison.problems
    models = ", ".join(
        f"{generator.model.name} {generator.model.revision}".strip()
        for generator in session.generators.values()
    )
    return {
        "model": models,
        "verifier": session.verifier.name if session.verifier else "none",
        "problems": f"{spec.problems}: {len(problems.problems)}, digest {problems.digest[:12]}",
        "order": f"shuffled by seed {spec.seed or 0}" if spec.order == "shuffled" else "given",
        "repeats": str(spec.repeats),
        "sampling": msgspec.json.encode(session.sampling).decode(),
        "grader": session.equivalence.version,
        "prices": session.prices.version,
        "job": comparison.job.name,
    }
