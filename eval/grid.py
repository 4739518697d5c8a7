"""The grid of a comparison: where a run stands in it, and what a part of it may say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import msgspec
from msgspec import Struct
from msgspec.structs import astuple, replace

from tts.eval.attempts import Attempt, Grade, GradeReason, no_answer
from tts.protocols import Role
from tts.values import Problem, Result, StoppedBy, Usage

Key = tuple[str, str, str, int]
"""Labels of strategy and budget, id of the problem, replicate."""


ENOUGH = 0.95
"""Of what was begun has to have ended, for a part to be a fair sample."""


class Place(Struct, frozen=True):
    """Where a run stands in the grid."""

    problem: Problem
    labels: tuple[str, str]
    """Strategy and budget as reports call them."""
    replicate: int

    @property
    def key(self) -> Key:
        return (*self.labels, self.problem.id, self.replicate)


class Attempts(Mapping[Key, Attempt]):
    """The attempts of a comparison, each kept as a few bytes: there may be a million of them, and
    a report asks for them once."""

    def __init__(self) -> None:
        self._parts: dict[tuple[str, str, int], dict[str, bytes]] = defaultdict(dict)
        """By column and replicate, then by problem."""

    def __setitem__(self, key: Key, attempt: Attempt) -> None:
        strategy, budget, problem, replicate = key
        self._parts[strategy, budget, replicate][problem] = _packed(attempt)

    def __getitem__(self, key: Key) -> Attempt:
        strategy, budget, problem, replicate = key
        return _unpacked(key, self._parts[strategy, budget, replicate][problem])

    def __iter__(self) -> Iterator[Key]:
        for (strategy, budget, replicate), problems in self._parts.items():
            for problem in problems:
                yield strategy, budget, problem, replicate

    def __len__(self) -> int:
        return sum(map(len, self._parts.values()))


class _Packed(Struct, frozen=True, array_like=True):
    """What the key of an attempt does not say; usages as their amounts."""

    grade: tuple[bool | None, GradeReason]
    answer: str | None
    attributed: tuple[int | None, ...]
    billed: tuple[int | None, ...]
    stopped_by: StoppedBy
    error: str | None
    missing: dict[str, int]
    no_answer: str
    spend: dict[Role, tuple[int | None, ...]]
    seconds: float | None
    unread_tokens: int | None
    run_id: str


_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(_Packed).decode


def _packed(attempt: Attempt) -> bytes:
    return _pack(
        _Packed(
            grade=(attempt.grade.correct, attempt.grade.reason),
            answer=attempt.answer,
            attributed=astuple(attempt.attributed),
            billed=astuple(attempt.billed),
            stopped_by=attempt.stopped_by,
            error=attempt.error,
            missing=attempt.missing,
            no_answer=attempt.no_answer,
            spend={role: astuple(usage) for role, usage in attempt.spend.items()},
            seconds=attempt.seconds,
            unread_tokens=attempt.unread_tokens,
            run_id=attempt.run_id,
        )
    )


def _unpacked(key: Key, content: bytes) -> Attempt:
    (strategy, budget, problem, replicate), packed = key, _unpack(content)
    return Attempt(
        strategy=strategy,
        budget=budget,
        problem_id=problem,
        replicate=replicate,
        grade=Grade(*packed.grade),
        answer=packed.answer,
        attributed=_usage(packed.attributed),
        billed=_usage(packed.billed),
        stopped_by=packed.stopped_by,
        error=packed.error,
        missing=packed.missing,
        no_answer=packed.no_answer,
        spend={role: _usage(amounts) for role, amounts in packed.spend.items()},
        seconds=packed.seconds,
        unread_tokens=packed.unread_tokens,
        run_id=packed.run_id,
    )


def _usage(amounts: tuple[int | None, ...]) -> Usage:
    return Usage(**dict(zip(Usage.__struct_fields__, amounts, strict=True)))  # type: ignore[arg-type]


def attempt_of(place: Place, result: Result, grade: Grade) -> Attempt:
    """A run as a comparison records it."""
    return Attempt(
        strategy=place.labels[0],
        budget=place.labels[1],
        problem_id=place.problem.id,
        grade=grade,
        answer=result.answer,
        attributed=result.usage,
        billed=result.billed_in_all,
        stopped_by=result.stopped_by,
        error=result.error,
        missing=result.missing,
        no_answer=no_answer(result),
        spend=result.spend,  # type: ignore[arg-type]
        seconds=result.seconds,
        unread_tokens=result.unread_tokens,
        replicate=place.replicate,
        run_id=result.run_id,
    )


def in_order(
    attempts: Mapping[Key, Attempt],
    *,
    columns: Sequence[tuple[str, str]],
    problems: Sequence[Problem],
    order: Sequence[Problem],
    repeats: int,
) -> Iterator[Attempt]:
    """The attempts by column and problem; those ahead of their turn in `order` do not count."""
    for labels in columns:
        runs: dict[str, list[Attempt]] = {}
        for problem in problems:
            keys = ((*labels, problem.id, turn) for turn in range(repeats))
            runs[problem.id] = [attempts[key] for key in keys if key in attempts]
        whole = [sum(run.ended for run in runs[problem.id]) == repeats for problem in order]
        counted = {problem.id for problem in order[: fair_part(whole)]}
        for name, members in runs.items():
            yield from (
                members if name in counted else (replace(run, counted=False) for run in members)
            )


def fair_part(ended: Sequence[bool]) -> int:
    """The length of the longest beginning of which nearly all have ended.

    What ends first is what is quick, and often easy: a part that is cut off at any moment is a
    fair sample only as far as nearly all that was begun before has ended too.
    """
    longest = done = 0
    for place, one in enumerate(ended, start=1):
        done += one
        if done >= ENOUGH * place:
            longest = place
    return longest


def part_told(done: int, whole: int, *, shuffled: bool) -> str:
    """How much of a job has ended and what may be concluded from it; empty where all has."""
    if done == whole:
        return ""
    fair = (
        "The problems run in a shuffled order, so that the part is a fair sample."
        if shuffled
        else "The problems run in the order given: the part is no fair sample of the set."
    )
    return f"Partial: {done} of {whole} runs; the same command goes on from here. {fair}"
