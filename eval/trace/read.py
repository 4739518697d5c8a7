"""Reading a trace from a ledger."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, field

from tts.engine.engine import run_sync
from tts.errors import MOST_NAMES, BadInput, UnknownName
from tts.eval.problems import from_canonical
from tts.eval.trace.judging import judged
from tts.eval.trace.reasons import with_reasons
from tts.eval.trace.trace import CallLine, OtherCalls, Rows, RunLine, Trace, grow, total
from tts.ledger import candidate_lines, decode_result, decode_summary
from tts.ledger.connect import connect
from tts.ledger.reader import Reader, job_names
from tts.ledger.schema import current
from tts.protocols import CallRow, OutcomeRow, RunRow, UseRow
from tts.values import Problem, Result

MOST_PROMPTS = 20
"""Prompts of a run that are shown: a dialogue or a judge has one for each call."""
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
    that has this id, with its answers judged; raises `UnknownName` or `BadInput`."""
    with reading(place, job) as reader:
        found = reader.run_ids(begin=run)
        if not found:
            found = [row.run_id for row in reader.runs([ANSWERED.sub("", run)])]
        if not found:
            raise UnknownName("run", run, reader.run_ids())
        if len(found) > 1:
            raise BadInput(f"Run {run!r} is not unique: {some(found)}.")
        row = reader.first_runs(1, begin=found[0])[0]
        trace = _trace(reader, row)
    return run_sync(judged(trace, result_of(row, trace.problem), place))


def _trace(reader: Reader, row: RunRow) -> Trace:
    uses = reader.uses(row.run_id)
    result = result_of(row)
    calls = {call.key: call for call in reader.calls(row.problem_id)}
    hashes = dict.fromkeys(
        calls[use.key].input_hash for use in uses if use.role == "sample" and use.key in calls
    )
    prompts = prompts_of(reader, [*hashes][:MOST_PROMPTS])
    rows = Rows(
        uses=uses,
        calls=calls,
        candidates={one.key: one for one in candidate_lines(row.result or b"")},
        chosen=result.candidate.key if result and result.candidate else "",
        prompts={hash_: place for place, hash_ in enumerate(prompts)},
    )
    return Trace(
        run=line(row),
        roots=with_reasons(grow(rows)),
        others=other_calls(uses),
        notes=notes(reader.outcomes(row.run_id)),
        usage=total(uses),
        why=result.explanation if result else "",
        problem=problem_of(reader, row.problem_id),
        prompts=tuple(prompts.values()),
        calls=call_lines(uses, rows.calls, reader.times(row.run_id)),
    )


class _Set(Struct):
    digest: str = ""


class _Manifest(Struct):
    problems: _Set = field(default_factory=_Set)


def problem_of(reader: Reader, name: str) -> Problem | None:
    """The problem as the set of its job has it; None where the ledger keeps no set."""
    row = reader.job()
    try:
        manifest = msgspec.json.decode(row.manifest if row else "{}", type=_Manifest)
    except msgspec.MsgspecError:
        return None
    text = reader.text(manifest.problems.digest) if manifest.problems.digest else None
    every = from_canonical(text) if text is not None else ()
    return next((one for one in every if one.id == name), None)


def prompts_of(reader: Reader, hashes: Sequence[str]) -> dict[str, str]:
    """What was sent, by the hash of what a call was asked."""
    texts = {hash_: reader.text(hash_) for hash_ in hashes}
    return {hash_: prompt_in(text) for hash_, text in texts.items() if text is not None}


def prompt_in(asked: str) -> str:
    """The messages within what identifies a call; all of it where there are none."""
    try:
        found = _messages(msgspec.json.decode(asked))
    except (msgspec.DecodeError, RecursionError):
        found = None
    return asked if found is None else "\n\n".join(f"{role}: {said}" for role, said in found)


def _messages(value: Any) -> list[tuple[str, str]] | None:
    if not isinstance(value, list):
        return None
    told = [one for one in value if isinstance(one, dict) and {"role", "content"} <= one.keys()]
    if told and len(told) == len(value):
        return [(str(one["role"]), str(one["content"])) for one in told]
    return next((found for one in value if (found := _messages(one)) is not None), None)


def call_lines(
    uses: Sequence[UseRow],
    calls: Mapping[str, CallRow],
    times: Mapping[str, tuple[float, float]],
) -> tuple[CallLine, ...]:
    """The calls of a run; what it found in the ledger or shared took none of its time. Local
    functions are not on record: across them leads what a call continues or scores."""
    nodes = {use.key: use.node for use in uses}
    zero = min((times[use.key][0] for use in uses if use.key in times), default=0.0)
    told = []
    for use in uses:
        began, took = times.get(use.key, (None, None))
        told.append(
            CallLine(
                node=use.node,
                role=use.role,
                name=use.name,
                inputs=_inputs(use, calls.get(use.key), nodes),
                origin=use.origin,
                usage=use.attributed,
                start=None if began is None else began - zero,
                seconds=took,
            )
        )
    return tuple(told)


def _inputs(use: UseRow, call: CallRow | None, nodes: Mapping[str, str]) -> tuple[str, ...]:
    named = [part for part in use.inputs.split(",") if part]
    continued = nodes.get(call.parent_key, "") if call else ""
    return tuple(dict.fromkeys([*named, continued] if continued else named))


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


def result_of(row: RunRow, problem: Problem | None = None) -> Result | None:
    """The result of a run that has ended."""
    known = problem or Problem(id=row.problem_id, prompt="")
    return decode_result(row.result, known) if row.result else None


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
