"""Reading a trace from a ledger."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from tts.errors import MOST_NAMES, BadInput, UnknownName
from tts.eval.trace.trace import OtherCalls, Rows, RunLine, Trace, grow, total
from tts.ledger import candidate_lines, decode_result, decode_summary
from tts.ledger.connect import connect
from tts.ledger.reader import Reader, job_names
from tts.ledger.schema import current
from tts.protocols import OutcomeRow, RunRow, UseRow
from tts.values import Problem, Result

MOST_RUNS = 200
"""Runs of a list that is shown."""

ANSWERED = re.compile("^(chatcmpl-|cmpl-|resp_)")
"""What stands before the id of a request in the id of its answer."""

NOTED = ("refused", "failed")


def run_lines(
    place: str | Path, job: str = "", *, most: int = MOST_RUNS
) -> tuple[list[RunLine], int]:
    """The first `most` recorded runs of a job, and how many there are.

    `job` may be empty where the ledger holds one alone.
    """
    with reading(place, job) as reader:
        return [line(row) for row in reader.first_runs(most)], reader.count_runs()


def read_trace(place: str | Path, run: str, job: str = "") -> Trace:
    """The run whose id begins with `run`, or the only one of the problem or of the gateway's answer
    that has this id; raises `UnknownName` or `BadInput`."""
    with reading(place, job) as reader:
        found = reader.run_ids(begin=run)
        if not found:
            found = [row.run_id for row in reader.runs([ANSWERED.sub("", run)])]
        if not found:
            raise UnknownName("run", run, reader.run_ids())
        if len(found) > 1:
            raise BadInput(f"Run {run!r} is not unique: {some(found)}.")
        return _trace(reader, reader.first_runs(1, begin=found[0])[0])


def _trace(reader: Reader, row: RunRow) -> Trace:
    uses = reader.uses(row.run_id)
    result = result_of(row)
    rows = Rows(
        uses=uses,
        calls={call.key: call for call in reader.calls(row.problem_id)},
        candidates={one.key: one for one in candidate_lines(row.result or b"")},
        chosen=result.candidate.key if result and result.candidate else "",
    )
    return Trace(
        run=line(row),
        roots=grow(rows),
        others=other_calls(uses),
        notes=notes(reader.outcomes(row.run_id)),
        usage=total(uses),
        why=result.explanation if result else "",
    )


@contextmanager
def reading(place: str | Path, job: str) -> Iterator[Reader]:
    """The rows of one job of a ledger, which stays as it is."""
    engine = current(connect(place, create=False))
    try:
        yield Reader(engine, job=job or only(job_names(engine)))
    finally:
        engine.dispose()


def some(names: Iterable[str]) -> str:
    """The first of some names, and how many more there are."""
    listed = list(names)
    more = len(listed) - MOST_NAMES
    return ", ".join(listed[:MOST_NAMES]) + (f" and {more:,} more" if more > 0 else "")


def only(jobs: Sequence[str]) -> str:
    """The one job there is; jobs of the SDK, which leave no manifest, are called `sdk`."""
    if len(jobs) > 1:
        raise BadInput(f"The ledger holds several jobs; name one of {some(jobs)}.")
    return jobs[0] if jobs else "sdk"


def line(row: RunRow) -> RunLine:
    """A run in a list."""
    content, problem = row.result, Problem(id=row.problem_id, prompt="")
    result = decode_summary(content, problem) if content else None
    return RunLine(
        run_id=row.run_id,
        problem_id=row.problem_id,
        strategy=row.strategy,
        budget=row.budget,
        replicate=row.replicate,
        stopped_by=row.stopped_by,
        answer=result.answer if result else None,
        usage=row.attributed,
        error=result.error if result else None,
    )


def result_of(row: RunRow) -> Result | None:
    """The result of a run that has ended."""
    return decode_result(row.result, Problem(id=row.problem_id, prompt="")) if row.result else None


def other_calls(uses: Sequence[UseRow]) -> tuple[OtherCalls, ...]:
    """The calls that neither drew nor scored a candidate, by role and name."""
    groups: dict[tuple[str, str], list[UseRow]] = defaultdict(list)
    for use in uses:
        if use.role not in ("sample", "verify"):
            groups[use.role, use.name].append(use)
    return tuple(OtherCalls(*key, len(found), total(found)) for key, found in groups.items())


def notes(outcomes: Sequence[OutcomeRow]) -> tuple[str, ...]:
    """Refusals and failures, each with its node."""
    return tuple(
        f"{row.kind}: {msgspec.json.decode(row.content)} (node {row.node})"
        for row in outcomes
        if row.kind in NOTED
    )
