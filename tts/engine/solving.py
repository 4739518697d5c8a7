"""One strategy on one problem, from the first call to the answer."""

from __future__ import annotations

import asyncio
import time
from typing import NamedTuple

from tts.answers import majority_vote, weighted_vote
from tts.engine.time_limit import TimeLimit
from tts.errors import (
    BudgetExhausted,
    CallError,
    CallFailed,
    Deadline,
    Outage,
    Stopped,
    StrategyError,
    Suspended,
    TTSError,
)
from tts.executor.retries import LEAVE
from tts.run import Run, Strategy, caught_up, quiet
from tts.tools.shielded import shielded
from tts.values import (
    NOTHING,
    OPEN,
    AnswerEvent,
    Budget,
    Candidate,
    Problem,
    Result,
    Scored,
    StoppedBy,
)

DEADLINE = "deadline"
"""Id of the outcome that says that the deadline passed."""


class Ending(NamedTuple):
    """How the strategy of a run came to its end."""

    candidate: Candidate | None
    stopped: StoppedBy
    error: str | None = None


async def solve(
    strategy: Strategy, run: Run, budget: Budget, limit: TimeLimit | None = None
) -> Result:
    """Run the strategy; on a refusal or at the deadline take its best answer so far.

    A failed run is data: its error stands in the result. Errors of the caller, of the journal and
    of the credentials are raised. With a deadline it returns within `GRACE` seconds of it, whatever
    a server, a tool or the strategy goes on doing.
    """
    started = time.monotonic()
    limit = limit or TimeLimit(budget.seconds)
    try:
        ending = await _ending(strategy, run, limit)
        if ending.stopped not in OPEN:
            await limit.landing(caught_up(run.settings.recorded, run.path), "the earlier record")
    except BaseException:
        run.abort()
        raise
    if ending.stopped in OPEN:
        run.abort()
    else:
        run.close()
    await limit.landing(run.scheduler.landed(run), "its cancelled calls")
    result = _result(run, ending, time.monotonic() - started)
    run.scheduler.observe(AnswerEvent(run.settings.run_id, result))
    return result


async def _ending(strategy: Strategy, run: Run, limit: TimeLimit) -> Ending:
    try:
        candidate = await _solved(strategy, run, limit)
    except BudgetExhausted:
        return await _finish(strategy, run, "budget", limit)
    except Deadline:
        run.close()
        passed = run.scheduler.decide(run, run.outcome(DEADLINE, "deadline", []))
        await limit.landing(passed, "the ledger", most=LEAVE)
        return await _finish(strategy, run, "deadline", limit)
    except Suspended as suspension:
        return Ending(None, "suspended", str(suspension))
    except (CallFailed, CallError, Outage) as failure:
        return await _open(run) or Ending(None, "failed", str(failure))
    except TTSError:
        raise
    except Exception as error:
        raise StrategyError(f"{strategy.name} raised {type(error).__name__}: {error}") from error
    return await _open(run) or _ended(run, candidate)


async def _open(run: Run) -> Ending | None:
    """The end of a run of which something has to be tried again: the best of what there is."""
    outage = run.kept.outage
    if outage is None:
        return None
    answered = [kept for kept in run.kept.final() if kept.candidate.answer is not None]
    scored = [Scored(kept.candidate, kept.score) for kept in answered if kept.score is not None]
    candidates = [one.candidate for one in scored or answered]
    vote = await (
        weighted_vote(scored, run.equivalence)
        if scored
        else majority_vote(candidates, run.equivalence)
    )
    best = candidates[vote.winner.representative] if vote.winner else None
    return Ending(best, "outage", str(outage))


def _ended(run: Run, candidate: Candidate | None) -> Ending:
    lost = None if candidate is not None else _lost(run)
    if lost is not None:
        return Ending(None, "failed", lost)
    return Ending(candidate, "incomplete" if run.kept.missing else "done")


async def _solved(strategy: Strategy, run: Run, limit: TimeLimit) -> Candidate | None:
    """The strategy's own end, or what kept it from there once all that was admitted has ended."""
    if limit.deadline is None:
        return await _quietly(strategy, run)
    recorded = DEADLINE in run.settings.recorded.outcomes
    clock = asyncio.timeout_at(limit.deadline)
    try:
        async with clock:
            watching = asyncio.create_task(_seen_again(run, clock)) if recorded else None
            try:
                found = await shielded(_quietly(strategy, run), grace=LEAVE)
            finally:
                if watching is not None:
                    watching.cancel()
    except TimeoutError as error:
        if not clock.expired():
            raise
        raise Deadline(f"{limit.seconds:g} s are over.") from error
    if recorded:
        raise Deadline("An earlier process met it here.")
    return found


async def _quietly(strategy: Strategy, run: Run) -> Candidate | None:
    """What the strategy found; where its verifier failed, at least what `finish` makes of the
    answers: they are drawn and paid, whatever could not be said of them."""
    try:
        found = await strategy.solve(run.problem, run)
    except (BudgetExhausted, Suspended, Outage):
        await quiet(run)
        raise
    except (CallFailed, CallError, StrategyError):
        if not run.kept.unjudged:
            raise
        found = None
    if found is None and run.kept.unjudged:
        found = await strategy.finish(run.problem, run)
    return found


async def _seen_again(run: Run, limit: asyncio.Timeout) -> None:
    """End the replay of a run that met its deadline once it has seen what that one saw."""
    await caught_up(run.settings.recorded, run.path)
    limit.reschedule(asyncio.get_running_loop().time())


def _lost(run: Run) -> str | None:
    """Why there is no answer, where failed calls are to blame: an error is no wrong answer."""
    answered = any(kept.candidate.answer is not None for kept in run.kept.all())
    if run.kept.failure is None or (run.kept.all() and not answered):
        return None
    return str(run.kept.failure)


async def _finish(strategy: Strategy, run: Run, stopped: StoppedBy, limit: TimeLimit) -> Ending:
    run.release_finish_reserve()
    clock = asyncio.timeout_at(limit.closing)
    try:
        with limit.waits.said("the closing answer"):
            async with clock:
                closing = strategy.finish(run.problem, run)
                candidate = await (shielded(closing, grace=LEAVE) if limit.closing else closing)
        return await _open(run) or Ending(candidate, stopped)
    except Suspended as suspension:
        return Ending(None, "suspended", str(suspension))
    except (Stopped, CallFailed, CallError) as failure:
        return await _open(run) or Ending(None, stopped, str(failure))
    except TTSError:
        raise
    except Exception as error:
        if isinstance(error, TimeoutError) and clock.expired():
            return Ending(None, stopped)
        raise StrategyError(f"{strategy.name} raised {type(error).__name__}: {error}") from error


def _result(run: Run, ending: Ending, seconds: float) -> Result:
    candidate = ending.candidate
    return Result(
        problem_id=run.problem.id,
        answer=candidate.answer if candidate else None,
        candidate=candidate,
        candidates=run.kept.all(),
        usage=run.spent,
        billed=run.billed,
        billed_before=run.settings.recorded.billed,
        stopped_by=ending.stopped,
        error=ending.error,
        missing=run.kept.missing,
        spend=dict(run.spend),
        seconds=round(seconds, 6),
        run_id=run.settings.run_id,
        reasons=tuple(run.kept.reasons),
        unread_tokens=run.kept.unread_tokens,
    )


def unbegun(problem: Problem, error: str, stopped_by: StoppedBy) -> Result:
    """The result of a run that could not begin, for nothing."""
    return Result(
        problem_id=problem.id,
        answer=None,
        candidate=None,
        candidates=(),
        usage=NOTHING,
        billed=NOTHING,
        stopped_by=stopped_by,
        error=error,
    )
