"""One strategy on one problem, from the first call to the answer."""

from __future__ import annotations

import asyncio
import time

from msgspec.structs import replace

from tts.errors import (
    BudgetExhausted,
    BudgetTooSmall,
    CallError,
    CallFailed,
    Deadline,
    Stopped,
    Suspended,
)
from tts.protocols import Strategy
from tts.run import Run
from tts.run.arrivals import settled
from tts.values import AnswerEvent, Budget, Candidate, Dimension, Result, StoppedBy, Usage


async def solve(strategy: Strategy, run: Run, budget: Budget) -> Result:
    """Run the strategy; on a refusal or at the deadline take its best answer so far.

    A failed run is data: its error stands in the result. Errors of the caller, of the journal and
    of the credentials are raised.
    """
    started = time.monotonic()
    problem = replace(run.problem, answer=None)
    error: str | None = None
    candidate: Candidate | None = None
    stopped: StoppedBy = "done"
    try:
        async with asyncio.timeout(budget.seconds):
            candidate = await strategy.solve(problem, run)
    except (BudgetExhausted, Deadline, TimeoutError) as stop:
        stopped = "budget" if isinstance(stop, BudgetExhausted) else "deadline"
        candidate, error = await _end(strategy, run, stopped)
    except Suspended as suspension:
        stopped, error = "suspended", str(suspension)
    except (CallFailed, CallError) as failure:
        stopped, error = "failed", str(failure)
    run.drop(list(run.unsettled))
    result = _result(run, candidate, stopped, error, time.monotonic() - started)
    run.scheduler.observe(AnswerEvent(run.settings.run_id, result))
    return result


async def _end(
    strategy: Strategy, run: Run, stopped: StoppedBy
) -> tuple[Candidate | None, str | None]:
    if stopped == "deadline":
        run.drop(list(run.unsettled))
    while run.unsettled:
        await settled(next(iter(run.unsettled)))
    run.release()
    try:
        return await strategy.finish(run.problem, run), None
    except (Stopped, CallFailed, CallError) as failure:
        return None, str(failure)


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


def set_aside(budget: Budget, finish: Usage, call: Usage) -> dict[Dimension, int]:
    """The share of `finish`, kept back from the start; raises where no call fits beside it."""
    share = {name: getattr(finish, name) or 0 for name in budget.ceilings}
    for name, ceiling in budget.ceilings.items():
        need = share[name] + (getattr(call, name) or 0)
        if need > ceiling:
            raise BudgetTooSmall(
                f"A budget of {ceiling} {name} is too small: one call and a last answer may need "
                f"{need}. Give at least {need} {name}, or lower max_tokens."
            )
    return share
