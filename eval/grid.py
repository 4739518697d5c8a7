"""The grid of a comparison: where a run stands in it, and what a part of it may say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from tts.eval.attempts import Attempt, Grade, no_answer
from tts.values import Problem, Result

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


def attempt_of(place: Place, result: Result, grade: Grade) -> Attempt:
    """A run as a comparison records it."""
    return Attempt(
        strategy=place.labels[0],
        budget=place.labels[1],
        problem_id=place.problem.id,
        grade=grade,
        answer=result.answer,
        attributed=result.usage,
        billed=result.billed,
        stopped_by=result.stopped_by,
        error=result.error,
        missing=result.missing,
        no_answer=no_answer(result),
        spend=result.spend,  # type: ignore[arg-type]
        seconds=result.seconds,
        replicate=place.replicate,
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
            yield from (replace(run, counted=name in counted) for run in members)


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
