"""One strategy on one problem, from the first call to the answer."""

from __future__ import annotations

import asyncio
import time

from tts.budget import unknown
from tts.errors import (
    BudgetExhausted,
    BudgetTooSmall,
    CallError,
    CallFailed,
    Deadline,
    Stopped,
    StrategyError,
    Suspended,
    TTSError,
)
from tts.protocols import Strategy
from tts.run import Run, WorstCases
from tts.run.arrivals import settled
from tts.run.replay import caught_up
from tts.values import (
    AnswerEvent,
    Budget,
    Candidate,
    Dimension,
    Result,
    StoppedBy,
    in_words,
)

DEADLINE = "deadline"
"""Id of the outcome that says that the deadline passed."""


async def solve(strategy: Strategy, run: Run, budget: Budget) -> Result:
    """Run the strategy; on a refusal or at the deadline take its best answer so far.

    A failed run is data: its error stands in the result. Errors of the caller, of the journal and
    of the credentials are raised.
    """
    started = time.monotonic()
    try:
        candidate, stopped, error = await _outcome(strategy, run, budget)
    except BaseException:
        run.abort()
        raise
    if stopped == "suspended":
        run.abort()
    else:
        await caught_up(run.settings.recorded, run.path)
        run.close()
    await run.scheduler.landed(run)
    result = _result(run, candidate, stopped, error, time.monotonic() - started)
    run.scheduler.observe(AnswerEvent(run.settings.run_id, result))
    return result


async def _outcome(
    strategy: Strategy, run: Run, budget: Budget
) -> tuple[Candidate | None, StoppedBy, str | None]:
    try:
        candidate = await _solved(strategy, run, budget.seconds)
    except BudgetExhausted:
        await _quiet(run)
        return await _finish(strategy, run, "budget")
    except (Deadline, TimeoutError):
        run.close()
        await run.scheduler.decide(run, run.outcome(DEADLINE, "deadline", []))
        return await _finish(strategy, run, "deadline")
    except Suspended as suspension:
        await _quiet(run)
        return None, "suspended", str(suspension)
    except (CallFailed, CallError) as failure:
        return None, "failed", str(failure)
    except TTSError:
        raise
    except Exception as error:
        raise StrategyError(f"{strategy.name} raised {type(error).__name__}: {error}") from error
    lost = None if candidate is not None else _lost(run)
    return candidate, "failed" if lost else "done", lost


async def _solved(strategy: Strategy, run: Run, seconds: float | None) -> Candidate | None:
    if DEADLINE not in run.settings.recorded.outcomes:
        async with asyncio.timeout(seconds):
            return await strategy.solve(run.problem, run)
    async with asyncio.timeout(seconds) as limit:
        watching = asyncio.create_task(_seen_again(run, limit))
        try:
            await strategy.solve(run.problem, run)
        finally:
            watching.cancel()
    raise Deadline("An earlier process met it here.")


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


async def _quiet(run: Run) -> None:
    """Let what was admitted end: it is paid for."""
    while run.unsettled:
        await settled(next(iter(run.unsettled)))


async def _finish(
    strategy: Strategy, run: Run, stopped: StoppedBy
) -> tuple[Candidate | None, StoppedBy, str | None]:
    run.release()
    try:
        return await strategy.finish(run.problem, run), stopped, None
    except Suspended as suspension:
        return None, "suspended", str(suspension)
    except (Stopped, CallFailed, CallError) as failure:
        return None, stopped, str(failure)


def _result(
    run: Run, candidate: Candidate | None, stopped: StoppedBy, error: str | None, seconds: float
) -> Result:
    return Result(
        problem_id=run.problem.id,
        answer=candidate.answer if candidate else None,
        candidate=candidate,
        candidates=run.kept.all(),
        usage=run.spent,
        billed=run.billed,
        stopped_by=stopped,
        error=error,
        spend=dict(run.spend),
        seconds=seconds,
        run_id=run.settings.run_id,
    )


def set_aside(budget: Budget, least: WorstCases, *, stepwise: bool = False) -> dict[Dimension, int]:
    """The share of `finish`, kept back from the start; raises where no call fits beside it.

    A stepwise search may have nothing finished at any time: its share holds the rest of a whole
    solution too, as far as one call still fits beside it.
    """
    share: dict[Dimension, int] = {}
    for name, ceiling in budget.ceilings.items():
        last, one = getattr(least.forced, name), getattr(least.draw, name)
        if last is None or one is None:
            raise unknown(name)
        need = last + one
        if need > ceiling:
            raise BudgetTooSmall(
                f"A budget of {in_words(name, ceiling)} is too small: one call and a last answer "
                f"may need {in_words(name, need)}. Give at least {in_words(name, need)}, or lower "
                "--max-tokens."
            )
        share[name] = min(need, ceiling - one) if stepwise else last
    return share
