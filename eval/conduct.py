"""A comparison from its spec to its report: opens what it needs, closes it, loses nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import msgspec

from tts.engine import Job, Session, open_session, spell_strategy
from tts.errors import TTSError, UnknownName
from tts.eval.comparison import Comparison, job_name
from tts.eval.problems import load_problem_set
from tts.eval.report import ComparisonReport, assemble
from tts.eval.spec import ComparisonSpec
from tts.ledger import JobLeases, Ledger
from tts.strategies.cautions import cautions

Watcher = Callable[[Comparison], None]
"""Told once, when the grid is known and before anything is sent."""


async def conduct(
    spec: ComparisonSpec,
    *,
    ledger: str | Path,
    job: str = "",
    watch: Watcher = lambda _: None,
) -> ComparisonReport:
    """Run a comparison, or go on with it, and report.

    Cancelling it leaves everything that finished in the ledger and returns the report of that
    part. Raises `UsageError` for what cannot work, `LedgerError` where the ledger fails.
    """
    baseline(spec)  # a wrong name is told before anything is spent
    problems = load_problem_set(
        spec.problems,
        limit=spec.limit,
        seed=spec.seed,
        bins=spec.bins or None,
        task=spec.task,
        skip_bad=spec.skip_bad,
        revision=spec.revision,
        asked=str(spec.options.model),
    )
    session = await open_session(spec.options)
    try:
        journal = Ledger.open(ledger, job=job or job_name(spec))
        async with journal:
            leases = JobLeases(journal)
            await leases.reconcile()
            work = Job(
                session, name=journal.job, journal=journal, leases=leases, wallet=spec.wallet
            )
            comparison = Comparison(
                spec, problems=problems, job=work, journal=journal, leases=leases
            )
            changes = await comparison.register()
            watch(comparison)
            interrupted, fault = await _run(comparison)
            return report(comparison, changes=changes, interrupted=interrupted, fault=fault)
    finally:
        await session.close()


async def _run(comparison: Comparison) -> tuple[bool, str]:
    """Whether it was interrupted, and what stopped it: credit that ended, a ledger that failed.

    What no run has ended under is raised as itself: there is nothing to report.
    """
    try:
        async with comparison.job:
            await comparison.run()
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None:
            task.uncancel()
        return True, ""
    except BaseExceptionGroup as group:
        error = first_error(group)
        if not isinstance(error, TTSError) or not comparison.attempts:
            raise error from group
        return False, fault(error, comparison)
    return False, ""


def fault(error: TTSError, comparison: Comparison) -> str:
    """What stopped the job, whose model it was, and how it goes on."""
    model = next(iter(comparison.job.session.generators.values())).model.name
    said = " ".join(str(error).split()).rstrip(".")
    named = said if model in said else f"Model {model!r}: {said}"
    return f"{named}. Mend that and run the same command again: it goes on from here."


def first_error(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first single error of nested groups."""
    error = group.exceptions[0]
    return first_error(error) if isinstance(error, BaseExceptionGroup) else error


def report(
    comparison: Comparison, *, changes: list[str], interrupted: bool = False, fault: str = ""
) -> ComparisonReport:
    """The report of what has ended so far."""
    spec, attempts = comparison.spec, list(comparison.in_order())
    done, whole = len(attempts), comparison.size
    warnings = [f"Line {row.line} was skipped: {row.reason}" for row in comparison.problems.skipped]
    warnings += [f"Changed since the job began: {change}" for change in changes]
    model = next(iter(comparison.job.session.generators.values()))
    told = (caution for strategy in spec.strategies for caution in cautions(strategy, model))
    warnings += dict.fromkeys(told)
    if comparison.elsewhere:
        warnings.append(f"{len(comparison.elsewhere)} problems are open in other processes.")
    if comparison.suspended:
        warnings.append("The job's wallet ended; give it more and run the same command again.")
    if interrupted or done < whole:
        warnings.append(f"Partial: {done} of {whole} runs; the same command goes on from here.")
    return assemble(
        attempts,
        comparison.problems.problems,
        title=spec.title,
        seed=0,
        baseline=baseline(spec) if attempts else None,
        manifest=summary(comparison),
        warnings=[*([fault] if fault else []), *warnings],
        fault=fault,
    )


def baseline(spec: ComparisonSpec) -> str | None:
    """The label of the strategy that the others are compared with."""
    labels = {strategy.name: spell_strategy(strategy) for strategy in spec.strategies}
    if spec.baseline and spec.baseline not in {*labels, *labels.values()}:
        raise UnknownName("strategy to be the --baseline", spec.baseline, labels)
    if len(spec.strategies) < 2:
        return None
    return labels.get(spec.baseline, spec.baseline) or spell_strategy(spec.strategies[0])


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
        "repeats": str(spec.repeats),
        "sampling": msgspec.json.encode(session.sampling).decode(),
        "grader": session.equivalence.version,
        "prices": session.prices.version,
        "job": comparison.job.name,
    }
