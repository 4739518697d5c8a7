"""How the jobs of a ledger stand: what was wished, who works, what ended, what it cost."""

from __future__ import annotations

from typing import Literal

import msgspec

from tts.engine import spell_budget
from tts.ledger.controls import Controls, Submission
from tts.ledger.holders import Holder
from tts.ledger.questions import Bill, JobSummary, Questions

JobState = Literal["queued", "running", "waiting", "pausing", "paused", "cancelled", "ended"]
"""`waiting`: for somebody to mend what its `fault` says."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """One job at one moment."""

    job: str
    state: JobState
    ended: int
    """Runs that have ended."""
    planned: int | None
    """Runs of the whole grid; None: its problems were not read yet."""
    workers: tuple[str, ...]
    """Process ids with their hosts."""
    bill: Bill | None = None
    """None: nothing was sent yet."""
    fault: str = ""
    orders: tuple[str, ...] = ()
    """What was ordered beyond the recipe, in words."""
    submitted_at: float = 0.0
    ended_at: float | None = None


def standings(controls: Controls, questions: Questions) -> list[Standing]:
    """Every job that was submitted, the oldest first; without bills, which take reading."""
    counts = {summary.job: summary for summary in questions.jobs()}
    return [_stands(one, controls.workers(one.job), counts.get(one.job)) for one in controls.all()]


def standing(controls: Controls, questions: Questions, job: str) -> Standing:
    """One job with its bill; raises `UnknownName`."""
    found = controls.named(job)
    counts = {summary.job: summary for summary in questions.jobs()}
    stands = _stands(found, controls.workers(job), counts.get(job))
    bills = questions.billed(job, by="job")
    return msgspec.structs.replace(stands, bill=bills[0] if bills else None)


def state_of(submitted: Submission, *, worked_at: bool) -> JobState:
    """What a job is doing."""
    if submitted.ended_at is not None:
        return "ended"
    if submitted.orders.wish != "go":
        if worked_at:
            return "pausing"
        return "paused" if submitted.orders.wish == "pause" else "cancelled"
    if worked_at:
        return "running"
    return "waiting" if submitted.fault else "queued"


def runnable(submitted: Submission) -> bool:
    """Whether a worker has something to do for a job, whoever works at it already."""
    return state_of(submitted, worked_at=False) == "queued"


def _stands(submitted: Submission, workers: list[Holder], count: JobSummary | None) -> Standing:
    return Standing(
        job=submitted.job,
        state=state_of(submitted, worked_at=bool(workers)),
        ended=count.ended if count else 0,
        planned=submitted.planned,
        workers=tuple(_named(worker) for worker in workers),
        fault=submitted.fault,
        orders=tuple(_ordered(submitted)),
        submitted_at=submitted.submitted_at,
        ended_at=submitted.ended_at,
    )


def _named(worker: Holder) -> str:
    host = worker.process.host.split(" ")[0]
    return f"{worker.process.pid} on {host}"


def _ordered(submitted: Submission) -> list[str]:
    orders = submitted.orders
    said = {
        "in flight": orders.concurrency,
        "requests per minute": orders.requests_per_minute,
        "tokens per minute": orders.tokens_per_minute,
    }
    words = [f"{value:g} {name}" for name, value in said.items() if value is not None]
    return [*words, f"wallet {spell_budget(orders.wallet)}"] if orders.wallet else words
