"""`replay`: reference results of recorded generations, met exactly."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import TypeVar

from tts.backends.replay import SampleRow, best_of_k, maj_at_k, pass_at_k, sample_rows
from tts.equivalence import Equivalence
from tts.eval.bench.replay_lab import large_file, rules_on_records, stated_figures
from tts.eval.bench.report import Row, at_least, at_most, data_folder, exactly, figure

T = TypeVar("T")

STATED = {"pass@1": 0.910, "maj@8": 0.928, "best-of-8": 0.940, "pass@8": 0.960}
"""As the data's README states them.

Eight votes of eight draws leave nothing to chance but ties. Any fixed rule for them gives a whole
number of the 100 problems and sharing them gives half ones, so .928 is the mean of some random
tie-breaks, not a figure that can be met; what can be checked is that ties account for it.
"""


def replay() -> list[Row]:
    """Four figures of eight recorded draws of 100 problems with their scores, then the lab's."""
    problems: dict[str, list[SampleRow]] = defaultdict(list)
    for row in sample_rows(data_folder("samples") / "qwen_math100_rm8.jsonl.gz"):
        problems[row.problem_id].append(row)
    groups = list(problems.values())
    return [
        _stated("pass@1", _mean(groups, lambda group: _passed(group, 1))),
        *_majority(asyncio.run(_ballots(groups))),
        _stated("best-of-8", _mean(groups, _best)),
        _stated("pass@8", _mean(groups, lambda group: _passed(group, 8))),
        *stated_figures(),
        *rules_on_records(),
        *large_file(),
    ]


Ballots = Sequence[tuple[int | None, bool]]
"""Of one problem: the answer class that each draw votes for, and whether it is correct."""


def _majority(problems: Iterable[Ballots]) -> list[Row]:
    listed = list(problems)
    name, stated = "qwen_math100_rm8 maj@8", STATED["maj@8"]
    shared = _mean(listed, lambda votes: maj_at_k(votes, len(votes)))
    return [
        figure(f"{name}, ties shared", shared, "", baseline=stated),
        at_most(f"{name}, ties lost", _mean(listed, lambda v: all(_tied(v))), "", bar=stated),
        at_least(f"{name}, ties won", _mean(listed, lambda v: any(_tied(v))), "", bar=stated),
    ]


def _tied(votes: Ballots) -> list[bool]:
    """Whether each class with the most votes is right."""
    classes: dict[int, list[bool]] = defaultdict(list)
    for name, correct in votes:
        if name is not None:
            classes[name].append(correct)
    most = max(map(len, classes.values()), default=0)
    return [any(members) for members in classes.values() if len(members) == most] or [False]


def _stated(name: str, value: float) -> Row:
    return exactly(f"qwen_math100_rm8 {name}", value, "", bar=STATED[name])


def _mean(problems: Sequence[T], of: Callable[[T], Fraction | bool]) -> float:
    return round(float(sum(map(of, problems), Fraction(0)) / len(problems)), 4)


def _best(group: Sequence[SampleRow]) -> Fraction:
    return best_of_k([(row.score or 0.0, row.correct is True) for row in group], len(group))


def _passed(group: Sequence[SampleRow], k: int) -> Fraction:
    return pass_at_k(sum(row.correct is True for row in group), len(group), k)


async def _ballots(groups: Iterable[Sequence[SampleRow]]) -> list[Ballots]:
    """Answers vote by equivalence, as in a run; one without an answer abstains."""
    async with Equivalence() as equivalence:
        return [await _votes(group, equivalence) for group in groups]


async def _votes(group: Sequence[SampleRow], equivalence: Equivalence) -> Ballots:
    answered = [row for row in group if row.answer is not None]
    classes = await equivalence.groups([row.answer or "" for row in answered])
    named = {id(answered[i]): name for name, members in enumerate(classes) for i in members}
    return [(named.get(id(row)), row.correct is True) for row in group]
