"""Ledgers of ordinary comparisons as a grid of settings: every strategy of every one is a setting."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import msgspec
import numpy as np
from msgspec import Struct

from tts.answers import task_for
from tts.engine import build_strategy
from tts.equivalence import Equivalence
from tts.errors import BadInput, UsageError
from tts.eval.attempts import Attempt, grade
from tts.eval.calibration.grid.options import CostName, Grid, Option, Probe
from tts.eval.grid import Key
from tts.eval.recorded import Recorded, graded, labels_of, read
from tts.eval.replay.importers.read import kind_of
from tts.ledger import candidate_lines, decode_result
from tts.protocols import RunRow
from tts.strategies.allocation.difficulty import Sight, sight_of
from tts.strategies.allocation.ladder import Rung, SamplingName
from tts.strategies.allocation.policy import prompt_digest
from tts.strategies.base import StrategyBase
from tts.strategies.parts.stopping import seen_of
from tts.values import Kept, Problem

NO_CEILING = "no ceiling"


class Record(Struct, frozen=True, kw_only=True):
    """One ledger: a model, a prompt, a temperature, an aggregation, and any number of strategies."""

    name: str
    """Of its model, in the policy."""
    path: Path
    found: Recorded
    attempts: Mapping[Key, Attempt]

    @property
    def model(self) -> str:
        first = next(iter(self.found.manifest.models.values()), {})
        return " ".join(filter(None, [first.get("name"), first.get("revision")]))

    @property
    def task(self) -> str:
        """Of all its problems; empty where they differ."""
        tasks = {problem.task for problem in self.found.problems}
        return tasks.pop() if len(tasks) == 1 else ""

    @property
    def sampling(self) -> dict[SamplingName, float]:
        """Of its draws, the temperature aside."""
        told = self.found.manifest.sampling
        return {name: told[name] for name in get_args(SamplingName) if told.get(name) is not None}

    @property
    def aggregate(self) -> Any:
        told = self.found.manifest.verifier
        return told.get("aggregate") if isinstance(told, dict) else None

    @property
    def verifier(self) -> Any:
        """Its identity without the aggregation, which a setting may change."""
        told = self.found.manifest.verifier
        if not isinstance(told, dict):
            return told
        return {key: value for key, value in told.items() if key != "aggregate"}


class Base(Struct, frozen=True, kw_only=True):
    """What a run of the policy has unless a setting says something else."""

    task: str
    verifier: Any
    aggregate: Any

    @classmethod
    def of(cls, records: Sequence[Record]) -> Base:
        """The first record's prompt, and the first verifier there is."""
        judged = next((one for one in records if one.verifier is not None), records[0])
        return cls(
            task=records[0].task,
            verifier=judged.found.manifest.verifier,
            aggregate=judged.aggregate,
        )


async def read_grid(files: Sequence[tuple[str, Path]], unit: CostName, *, probe: str = "") -> Grid:
    """The settings of these ledgers, the first of which has the default model.

    `probe`: the strategy of the first one whose draws tell the difficulty; else the cheapest that
    draws and chooses. Raises `BadInput` or `UsageError` in one sentence.
    """
    async with Equivalence() as equivalence:
        records = [await _record(name, path) for name, path in files]
        _agree(records)
        names, base = _shared(records), Base.of(records)
        options = [one for record in records for one in _options(record, base, names, unit)]
        if not options:
            raise UsageError(f"{files[0][1]}: no strategy ran without a ceiling.")
        kept = np.flatnonzero(~np.isnan([one.right for one in options]).any(axis=0))
        first = {prompt_digest(one.prompt): one for one in records[0].found.problems}
        problems = tuple(first[name] for name in names)
        grid = Grid(
            unit=unit,
            problems=problems,
            options=tuple(options),
            models={record.name: record.model for record in records},
            verifier=base.verifier,
            left_out=len(first) - len(kept),
            notes=tuple(_notes(records)),
        )
        chosen = _probe_option(grid, probe)
        if chosen is not None:
            told = await _probe(chosen, grid, records[0], equivalence)
            grid = msgspec.structs.replace(grid, probe=told)
    return grid.part(kept)


async def _record(name: str, path: Path) -> Record:
    found = _read(path)
    if not found.kept:
        raise BadInput(f"{path}: the problems are not in this ledger, so nothing can be graded.")
    return Record(name=name, path=path, found=found, attempts=await graded(found, path))


def _read(path: Path) -> Recorded:
    if path.exists() and kind_of(path) != "ledger":
        raise BadInput(f"{path} is no ledger: settings are strategies that tts compare has run.")
    return read(path, "")


def _agree(records: Sequence[Record]) -> None:
    """Raise where scores of different verifiers, or models of one name, would stand side by side."""
    first = records[0]
    for one in records[1:]:
        if one.verifier is not None and first.verifier not in (None, one.verifier):
            raise UsageError(
                f"{one.path} was judged by another verifier than {first.path}: a run has one."
            )
        same = [other for other in records if other.name == one.name and other.model != one.model]
        if same:
            raise UsageError(
                f"{one.path} holds {one.model}, {same[0].path} {same[0].model}: give them two "
                f"names, such as --grid large={one.path}."
            )


def _shared(records: Sequence[Record]) -> list[str]:
    """Digests of the prompts that all have, in the order of the first."""
    sets = [{prompt_digest(one.prompt) for one in record.found.problems} for record in records]
    first = [prompt_digest(one.prompt) for one in records[0].found.problems]
    names = [name for name in dict.fromkeys(first) if all(name in one for one in sets)]
    if not names:
        raise UsageError(
            f"{records[0].path} and {records[-1].path} have no problem in common: record the same "
            "problems under all settings."
        )
    return names


def _options(record: Record, base: Base, names: Sequence[str], unit: CostName) -> Iterator[Option]:
    """One for each strategy that ran without a ceiling."""
    places = {prompt_digest(one.prompt): one.id for one in record.found.problems}
    at = {places[name]: place for place, name in enumerate(names)}
    for label, rows in _columns(record).items():
        right: list[list[float]] = [[] for _ in names]
        cost: list[list[float]] = [[] for _ in names]
        for row in rows:
            attempt = record.attempts.get((*label, row.problem_id, row.replicate))
            place = at.get(row.problem_id)
            if attempt is None or place is None or attempt.grade.correct is None:
                continue
            right[place].append(float(attempt.grade.correct))
            cost[place].append(_amount(attempt, unit, record.path))
        spec = msgspec.json.decode(rows[0].strategy, type=dict[str, Any])
        rung = _rung(record, base, spec)
        yield Option(
            rung=rung,
            label=_label(rung, label[0]),
            right=np.array([np.mean(one) if one else np.nan for one in right]),
            cost=np.array([np.mean(one) if one else np.nan for one in cost]),
            scored=any(map(_scored, rows)),
        )


def _columns(record: Record) -> dict[tuple[str, str], list[RunRow]]:
    found: dict[tuple[str, str], list[RunRow]] = {}
    for row in record.found.runs:
        label = labels_of(row)
        if label[1] == NO_CEILING:
            found.setdefault(label, []).append(row)
    return found


def _scored(row: RunRow) -> bool:
    return any(one.score is not None for one in candidate_lines(row.result or b""))


def _rung(record: Record, base: Base, spec: Mapping[str, Any]) -> Rung:
    """What runs it: everything in which the record is other than the base is spelled out."""
    judged = record.aggregate is not None and record.aggregate != base.aggregate
    return Rung(
        model=record.name,
        temperature=record.found.manifest.sampling.get("temperature"),
        sampling=record.sampling,
        strategy=spec["name"],
        parameters=spec["parameters"],
        aggregate=record.aggregate if judged else None,
        task="" if record.task == base.task else record.task,
    )


def _label(rung: Rung, strategy: str) -> str:
    """As a line of a report calls it, with the temperature that its draws really had."""
    told = [rung.model] if rung.model != "default" else []
    if rung.temperature is not None:
        built = build_strategy(rung.strategy, rung.parameters)
        drawn = rung.temperature
        if isinstance(built, StrategyBase):
            drawn = built.draws_at(drawn)
        told.append(f"T={drawn:g}")
    told += [one for one in (rung.aggregate, rung.task) if one]
    return " ".join([strategy, *told])


def _amount(attempt: Attempt, unit: CostName, path: Path) -> float:
    """What a run took; `UsageError` where nobody knows."""
    spent = attempt.attributed
    amount = {
        "tokens": spent.tokens,
        "fresh_tokens": spent.fresh_tokens,
        "flops": spent.flops,
        "dollars": spent.dollars,
        "seconds": attempt.seconds,
        "calls": spent.calls,
    }[unit]
    if amount is None:
        why = {
            "dollars": "the price of a model is unknown, --prices of tts compare tells it",
            "flops": "the size of a model is unknown",
        }.get(unit, "nobody noted them")
        raise UsageError(f"{path}: {attempt.strategy} has no {unit}: {why}.")
    return float(amount)


def _notes(records: Sequence[Record]) -> Iterator[str]:
    for record in records:
        capped = {labels_of(row)[1] for row in record.found.runs} - {NO_CEILING}
        if capped:
            yield (
                f"{record.path}: runs under {', '.join(sorted(capped))} are left out: a setting has "
                "no ceiling of its own."
            )


def _probe_option(grid: Grid, wanted: str) -> Option | None:
    """The setting that tells the difficulty."""
    drawing = [one for one in grid.options if one.draws and one.rung.model == "default"]
    drawing = [one for one in drawing if not (one.rung.task or one.rung.aggregate)]
    if wanted:
        named = [one for one in drawing if one.label.startswith(wanted)]
        if not named:
            known = ", ".join(one.label for one in drawing) or "there is none"
            raise UsageError(f"--probe {wanted!r} is no setting that draws and chooses: {known}.")
        return named[0]
    return min(drawing, key=lambda one: float(np.nanmean(one.cost)), default=None)


async def _probe(option: Option, grid: Grid, record: Record, equivalence: Equivalence) -> Probe:
    """What its draws show, and how many are right of all that go on with them."""
    longest = max((one for one in grid.options if one.goes_on(option)), key=lambda one: one.draws)
    shown, whole = (_rows(record, one) for one in (option, longest))
    sights = list[Sight]()
    chances = np.full(len(grid.problems), np.nan)
    for place, problem in enumerate(grid.problems):
        kept = _draws(shown.get(problem.id), problem)
        seen = await seen_of(kept, equivalence.of(task_for(problem.task).answers))
        sights.append(sight_of(seen, problem))
        marks = [
            await grade(one.candidate.answer, problem, equivalence)
            for one in _draws(whole.get(problem.id), problem)
        ]
        chances[place] = np.mean([bool(one.correct) for one in marks]) if marks else 0.0
    return Probe(option=option, sights=tuple(sights), chances=chances)


def _rows(record: Record, option: Option) -> dict[str, RunRow]:
    """The first repeat of a setting, by problem."""
    found: dict[str, RunRow] = {}
    for row in record.found.runs:
        spec = msgspec.json.decode(row.strategy, type=dict[str, Any])
        mine = (spec["name"], spec["parameters"]) == (option.rung.strategy, option.rung.parameters)
        if mine and row.replicate == 0 and labels_of(row)[1] == NO_CEILING:
            found[row.problem_id] = row
    return found


def _draws(row: RunRow | None, problem: Problem) -> tuple[Kept, ...]:
    content = row.result if row else None
    return decode_result(content, problem).candidates if content else ()
