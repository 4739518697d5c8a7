"""The report of what a ledger holds of a job: no model, no key and no server is needed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, field

from tts.engine import spell_budget, spell_recorded
from tts.equivalence import Equivalence
from tts.errors import BadInput
from tts.eval.attempts import Attempt, grade_result
from tts.eval.grading import grading
from tts.eval.grid import Key, Place, attempt_of, in_order, part_told
from tts.eval.idealised import fits_of
from tts.eval.problems import from_canonical, shuffled
from tts.eval.report import ComparisonReport, assemble
from tts.eval.selection import unlike
from tts.eval.spec import Order
from tts.eval.trace import reading
from tts.ledger import decode_summary
from tts.ledger.reader import Reader
from tts.protocols import RunRow
from tts.values import Budget, Problem

Labels = tuple[str, str]


class Asked(Struct, kw_only=True):
    """What a job was first asked for; empty in ledgers that do not say."""

    strategies: tuple[dict[str, Any], ...] = ()
    budgets: tuple[Budget, ...] = ()
    repeats: int = 1
    baseline: str = ""
    order: Order = "shuffled"
    seed: int | None = None


class Source(Struct, kw_only=True):
    source: str = ""
    digest: str = ""


class Manifest(Struct, kw_only=True):
    """The part of a job's manifest that a report shows."""

    title: str = ""
    problems: Source = field(default_factory=Source)
    models: dict[str, dict[str, str | None]] = field(default_factory=dict)
    verifier: Any = None
    retriever: Any = None
    sampling: dict[str, Any] = field(default_factory=dict)
    grader: str = ""
    prices: str = ""
    asked: Asked = field(default_factory=Asked)


class Recorded(Struct, kw_only=True):
    """A job as its ledger has it."""

    job: str
    manifest: Manifest
    problems: tuple[Problem, ...]
    runs: list[RunRow]
    kept: bool
    """Whether the problems stand in the ledger, with their references."""


async def recorded_report(
    place: str | Path,
    job: str = "",
    *,
    runtimes: Path | None = None,
    told: Callable[[int], None] = lambda _: None,
) -> tuple[str, ComparisonReport]:
    """The name of a job and the report of every run that has ended in it.

    `job` may be empty where the ledger holds one alone. `runtimes` names fits of its models, for
    idealised seconds. Answers are graded anew; `told` hears how many so far. Raises
    `BadInput`, `UnknownName` or `LedgerError`.
    """
    found = read(place, job)
    columns = columns_of(found)
    repeats = max([found.manifest.asked.repeats, *(row.replicate + 1 for row in found.runs)])
    attempts = await graded(found, place, told=told)
    asked, problems = found.manifest.asked, found.problems
    order = problems if asked.order == "given" else shuffled(problems, seed=asked.seed or 0)
    whole = len(columns) * repeats * len(problems)
    ended = sum(attempt.ended for attempt in attempts.values())
    report = assemble(
        in_order(attempts, columns=columns, problems=problems, order=order, repeats=repeats),
        problems,
        title=found.manifest.title or found.job,
        seed=0,
        baseline=baseline_of(columns, asked.baseline) if attempts else None,
        manifest=head(found, repeats),
        warnings=[*warnings(found), *unlike(label for label, _ in columns)],
        partial=part_told(ended, whole, shuffled=asked.order == "shuffled"),
        planned=repeats * len(problems),
        idealised=fits_of(
            runtimes,
            named(found.manifest.models),
            found.manifest.verifier,
            found.manifest.retriever,
        ),
    )
    return found.job, report


def read(place: str | Path, job: str, *, most: int | None = None) -> Recorded:
    """The rows of a job; one that names no problem set has the problems of its runs.

    `most`: of the runs only so many, of the first problems of the set.
    """
    with reading(place, job) as reader:
        row, runs = reader.job(), reader.runs() if most is None else reader.first_runs(most)
        if row is None and not runs:
            raise BadInput(
                f"{place} holds no run of a job {reader.name!r}: see tts ledger {place}."
            )
        try:
            manifest = msgspec.json.decode(row.manifest if row else "{}", type=Manifest)
        except msgspec.MsgspecError as error:
            raise BadInput(
                f"{place}: the manifest of job {reader.name!r} is broken: {error}."
            ) from error
        digest = manifest.problems.digest
        text = reader.text(digest) if digest else None
        known = from_canonical(text) if text is not None else bare(runs)
        if most is not None and text is not None:
            runs = _of_first(reader, known, most)
    return Recorded(
        job=reader.name, manifest=manifest, problems=known, runs=runs, kept=text is not None
    )


def _of_first(reader: Reader, problems: Sequence[Problem], most: int) -> list[RunRow]:
    """The first runs in the order of the problems, those of one by strategy, budget and seed."""
    found: list[RunRow] = []
    for at in range(0, len(problems), most):
        names = {one.id: turn for turn, one in enumerate(problems[at : at + most])}
        runs = reader.runs(names)
        found += sorted(
            runs, key=lambda row: (names[row.problem_id], row.strategy, row.budget, row.replicate)
        )
        if len(found) >= most:
            break
    return found[:most]


def bare(runs: Iterable[RunRow]) -> tuple[Problem, ...]:
    """Problems of which only the ids are recorded."""
    names = dict.fromkeys(run.problem_id for run in runs)
    return tuple(Problem(id=name, prompt=name) for name in names)


async def graded(
    found: Recorded,
    ledger: str | Path | None = None,
    *,
    told: Callable[[int], None] = lambda _: None,
) -> dict[Key, Attempt]:
    """The runs that have ended, by their place; programs by the verdicts beside the ledger. `told`
    hears before each run how many are graded, and may raise to end it."""
    problems = {problem.id: problem for problem in found.problems}
    attempts: dict[Key, Attempt] = {}
    async with grading(ledger) as equivalence:
        for row in found.runs:
            problem = problems.get(row.problem_id)
            if row.result is None or problem is None:
                continue
            told(len(attempts))
            result = decode_summary(row.result, problem)
            place = Place(problem, labels_of(row), row.replicate)
            grade = await grade_result(result, problem, equivalence)
            attempts[place.key] = attempt_of(place, result, grade)
    return attempts


def labels_of(row: RunRow) -> Labels:
    """Strategy and budget of a run as reports call them."""
    return spelled(row.strategy, row.budget)


@lru_cache(maxsize=1024)
def spelled(strategy: str, budget: str) -> Labels:
    """The same of what a ledger holds of them: a handful of each job, of thousands of runs."""
    return spell_recorded(strategy), spell_budget(msgspec.json.decode(budget, type=Budget))


def columns_of(found: Recorded) -> list[Labels]:
    """Strategies under budgets: what was first asked for, then what was added, by the alphabet."""
    asked = found.manifest.asked
    names = [spell_recorded(msgspec.json.encode(one).decode()) for one in asked.strategies]
    first = [(name, spell_budget(budget)) for name in names for budget in asked.budgets]
    return list(dict.fromkeys([*first, *sorted({labels_of(row) for row in found.runs})]))


def named(models: Mapping[str, Mapping[str, str | None]]) -> list[str]:
    """The names of the generators of a manifest."""
    return [one.get("name") or "" for one in models.values()]


def baseline_of(columns: Sequence[Labels], wanted: str) -> str | None:
    """The label of the strategy that the others are compared with; None where there is one."""
    labels = list(dict.fromkeys(strategy for strategy, _ in columns))
    named = [label for label in labels if wanted and wanted in (label, label.partition("(")[0])]
    return None if len(labels) < 2 else (named or labels)[-1 if named else 0]


def head(found: Recorded, repeats: int) -> dict[str, str]:
    """What was run, as far as the ledger says."""
    told = found.manifest
    models = [
        f"{one.get('name') or ''} {one.get('revision') or ''}".strip()
        for one in told.models.values()
    ]
    digest = f", digest {told.problems.digest[:12]}" if told.problems.digest else ""
    shown = {
        "model": ", ".join(models),
        "verifier": "none" if told.verifier is None else str(told.verifier),
        "problems": f"{told.problems.source or 'of the runs'}: {len(found.problems)}{digest}",
        "repeats": str(repeats),
        "sampling": msgspec.json.encode(told.sampling).decode(),
        "grader": Equivalence.version,
        "prices": told.prices,
        "job": found.job,
    }
    return {name: text for name, text in shown.items() if text}


def warnings(found: Recorded) -> list[str]:
    """What sets this report apart from the one of the command that made the runs."""
    told = []
    if not found.kept:
        told.append(
            "The problems are not in this ledger, so nothing is graded: the command that made the "
            "runs renders them with their grades."
        )
    if found.manifest.grader not in ("", Equivalence.version):
        told.append(
            f"Graded by {Equivalence.version}; the job was graded by {found.manifest.grader}."
        )
    return told
