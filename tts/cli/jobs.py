"""What `tts job` does but for the work itself: rows of the ledger are written and shown."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from math import inf
from pathlib import Path

import msgspec
from rich.table import Table
from rich.text import Text

from tts.cli.exits import run
from tts.cli.screen import Screen, json_text, known_dollars, one_line, write_out
from tts.engine import parse_ceilings
from tts.errors import UnknownName, UsageError
from tts.eval.comparison import RETRIED
from tts.eval.jobs import Standing, standing, standings, submissions, submit
from tts.eval.recipe import Recipe
from tts.ledger import Bill, Controls, Ledger, Orders, Questions, Submission, Wish
from tts.values.visible import visible

RESTING = frozenset({"paused", "cancelled", "ended", "waiting"})
"""States in which nothing happens by itself."""


def submit_jobs(parts: Mapping[str, Recipe], *, ledger: str, job: str, out: Path | None) -> None:
    """Each part of a recipe is a job of its own."""
    with _controls(ledger, new=True) as controls:
        for one in submissions(parts, job=job, out=out):
            before = controls.find(one.job)
            submit(controls, one)
            said = "queued" if before is None else "queued again"
            Screen().print(Text(f"{said} {one.job}"), soft_wrap=True)
    Screen().print(Text(f"tts job work --ledger {ledger} does it"), soft_wrap=True)


def show_jobs(ledger: str, *, as_json: bool) -> None:
    with _controls(ledger) as controls, closing(Questions.open(ledger)) as questions:
        found = standings(controls, questions)
    if as_json:
        write_out(json_text(found))
        return
    table = Table("job", "state", "runs", "workers", "submitted", box=None, padding=(0, 2, 0, 0))
    for one in found:
        began = datetime.fromtimestamp(one.submitted_at, UTC).isoformat(" ", "minutes")[:16]
        table.add_row(one_line(one.job, 60), one.state, _runs(one), str(len(one.workers)), began)
    Screen().print(table)


def show_status(name: str, ledger: str, *, as_json: bool) -> None:
    with _controls(ledger) as controls, closing(Questions.open(ledger)) as questions:
        found = standing(controls, questions, _named(controls, name).job)
    if as_json:
        write_out(json_text(found))
        return
    for line in _told(found):
        Screen().print(Text(visible(line, 500)), soft_wrap=True)


def watch_job(name: str, ledger: str, every: float) -> None:
    """Until it rests; Ctrl-C ends the watching and not the job."""
    said = ""
    with _controls(ledger) as controls, closing(Questions.open(ledger)) as questions:
        job = _named(controls, name).job
        while True:
            found = standing(controls, questions, job)
            if (line := _line(found)) != said:
                said = line
                Screen().print(one_line(line, 300), soft_wrap=True)
            if found.state in RESTING:
                return
            time.sleep(every)


def wish(name: str, ledger: str, wanted: Wish) -> None:
    """Pause or cancel; what is not there to be paused is said."""
    with _controls(ledger) as controls:
        found = _named(controls, name)
        if found.ended_at is not None:
            raise UsageError(f"Job {found.job!r} has ended: there is nothing to {wanted}.")
        if wanted == "pause":
            _refuse_cancelled(found)
        told = controls.order(found.job, lambda old: msgspec.structs.replace(old, wish=wanted))
        at_work = len(controls.workers(told.job))
    what = "paused" if wanted == "pause" else "cancelled"
    when = f" as soon as {_workers(at_work)} finished what is in flight" if at_work else ""
    Screen().print(Text(f"{told.job} is {what}{when}"), soft_wrap=True)


def resume_job(name: str, ledger: str, *, retry_failed: bool) -> None:
    with _controls(ledger) as controls:
        found = _named(controls, name)
        _refuse_cancelled(found)
        if found.ended_at is not None and not retry_failed:
            raise UsageError(
                f"Job {found.job!r} has ended; --retry-failed runs again what failed in it."
            )
        again = run(_reopen(ledger, controls, found)) if retry_failed else 0
        controls.order(found.job, lambda old: msgspec.structs.replace(old, wish="go"))
    beside = f", {again} runs again" if retry_failed else ""
    Screen().print(Text(f"{found.job} is queued{beside}"), soft_wrap=True)


def _refuse_cancelled(found: Submission) -> None:
    if found.orders.wish == "cancel":
        raise UsageError(f"Job {found.job!r} was cancelled: submit it again.")


def _workers(count: int) -> str:
    return "its worker has" if count == 1 else f"its {count} workers have"


async def _reopen(ledger: str, controls: Controls, found: Submission) -> int:
    """Make failed runs open again; how many."""
    if controls.workers(found.job):
        raise UsageError(f"Job {found.job!r} is being worked at: pause it first.")
    async with Ledger.open(ledger, job=found.job) as journal:
        failed = [row.run_id for row in await journal.runs() if row.stopped_by in RETRIED]
        await journal.reopen(failed)
    if failed:
        controls.reopen(found.job)
    return len(failed)


def retune_job(
    name: str,
    ledger: str,
    *,
    concurrency: int | None,
    rpm: float | None,
    tpm: float | None,
    wallet: str | None,
) -> None:
    changes = {
        "concurrency": concurrency,
        "requests_per_minute": _positive("--rpm", rpm),
        "tokens_per_minute": _positive("--tpm", tpm),
        "wallet": None if wallet is None else parse_ceilings(wallet),
    }
    given = {key: value for key, value in changes.items() if value is not None}
    if not given:
        raise UsageError("Say what changes: --concurrency, --rpm, --tpm or --wallet.")

    def change(old: Orders) -> Orders:
        return msgspec.structs.replace(old, **given)

    with _controls(ledger) as controls:
        told = controls.order(_named(controls, name).job, change)
    Screen().print(Text(f"{told.job} is told"), soft_wrap=True)


def _positive(flag: str, rate: float | None) -> float | None:
    if rate is not None and not 0 < rate < inf:
        raise UsageError(f"{flag} must be a number above zero, not {rate}.")
    return rate


def _controls(ledger: str, *, new: bool = False) -> closing[Controls]:
    return closing(Controls.open(ledger) if new else Controls.of(ledger))


def _named(controls: Controls, name: str) -> Submission:
    """The job of this name, or the only one that begins so."""
    exact = controls.find(name)
    if exact is not None:
        return exact
    known = controls.all()
    found = [one for one in known if one.job.startswith(name)]
    if len(found) != 1:
        raise UnknownName("job", name, (one.job for one in known))
    return found[0]


def _runs(found: Standing) -> str:
    return f"{found.ended}/{'?' if found.planned is None else found.planned}"


def _line(found: Standing) -> str:
    bill = "" if found.bill is None else f", {_billed(found.bill)} billed"
    return f"{found.state}: {_runs(found)} runs{bill}{f', {found.fault}' if found.fault else ''}"


def _told(found: Standing) -> Iterator[str]:
    yield f"job       {found.job}"
    yield f"state     {found.state}"
    yield f"runs      {_runs(found)}"
    if found.workers:
        yield f"workers   {', '.join(found.workers)}"
    if found.bill is not None:
        yield f"billed    {_billed(found.bill)}"
    if found.orders:
        yield f"ordered   {', '.join(found.orders)}"
    if found.fault:
        yield f"waits     {found.fault}"


def _billed(bill: Bill) -> str:
    """Tokens and dollars, a range where attempts ended unknown."""
    low, high = bill.lower.tokens, bill.upper.tokens
    tokens = f"{low:,}" if low == high else f"{low:,} to {high:,}"
    unknown = bill.upper.dollars is None
    return f"{tokens} tokens, {'price unknown' if unknown else known_dollars(bill.upper)}"
