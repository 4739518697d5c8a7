"""What selection among recorded programs brings, over how many of them there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from msgspec import Struct

from tts.errors import BadInput
from tts.eval.programs.matrix import Executed
from tts.eval.replay.pool import Floats, Ints
from tts.eval.replay.resample import Resampler, share_between
from tts.eval.replay.turning import Turning, turning
from tts.eval.statistics import Estimate
from tts.strategies.code.agreement import RULES, Ballot, RuleName, best, trusted
from tts.strategies.code.fuzzing import behaviours

CurveRule = RuleName | Literal["oracle"]
CURVE_RULES: tuple[CurveRule, ...] = (*RULES, "oracle")
"""Those of `strategies/code/agreement.py`, and whoever knew which program is right."""
OURS: CurveRule = "agreement"
RIVAL: CurveRule = "codet"
DOUBLED = tuple(1 << power for power in range(12))
"""Sizes where none are asked for, up to the fewest programs of a task."""
FROM = 4
"""Draws from which on two rules are compared: below there is little to select among."""


class RuleCurve(Struct, frozen=True, kw_only=True):
    """One rule over the number of draws."""

    rule: CurveRule
    points: tuple[Estimate, ...]
    """Accuracy at each size, with its interval over tasks."""
    to_rival: Estimate
    """Mean accuracy above that of `codet` over the sizes from `FROM`, paired by task."""
    to_blind: Estimate | None
    """Of a report with inputs: mean accuracy above the same rule without them, paired likewise;
    None of a rule that they do not move."""
    stops: Turning | None
    """Where it is highest; None where only one size was asked for."""


class SelectionReport(Struct, frozen=True, kw_only=True):
    """Curves of every rule on the same draws."""

    sizes: tuple[int, ...]
    tasks: int
    orders: int
    curves: tuple[RuleCurve, ...]
    recovered: tuple[Estimate | None, ...]
    """By size: of what lies between random and oracle, the share that `agreement` gets; None where
    nothing does."""
    notes: tuple[str, ...] = ()


def selection_report(
    executed: Sequence[Executed],
    *,
    sizes: Sequence[int] = (),
    orders: int,
    seed: int = 0,
    notes: Sequence[str] = (),
) -> SelectionReport:
    """Curves over N programs beside N samples of tests, the beginnings of the same random orders.

    All draws are one order. Accuracy is an expectation over ties. Raises `BadInput` for a size that
    some task has not.
    """
    fewest = min(len(one.task.drawn) for one in executed)
    chosen = tuple(sorted(set(sizes))) or (*(n for n in DOUBLED if n < fewest), fewest)
    if chosen[-1] > fewest:
        raise BadInput(f"--k {chosen[-1]}: a task of the pool has {fewest} programs.")
    random = np.random.default_rng(seed)
    both = np.stack([_task_table(one, chosen, orders, random) for one in executed])
    blind, table = both[:, 0], both[:, 1]
    tried = sum(bool(one.given) for one in executed)
    made = [f"Inputs were made for {tried} of {len(executed)} tasks."] if tried else []
    resampler = Resampler(len(executed), seed=seed)
    return SelectionReport(
        sizes=chosen,
        tasks=len(executed),
        orders=orders,
        curves=tuple(
            _curve(table, place, chosen, resampler, seed, blind if tried else None)
            for place in range(len(CURVE_RULES))
        ),
        recovered=_recovered(table, seed),
        notes=(*notes, *made),
    )


def _curve(
    table: Floats,
    place: int,
    sizes: tuple[int, ...],
    resampler: Resampler,
    seed: int,
    blind: Floats | None,
) -> RuleCurve:
    own, rival = table[:, place], table[:, CURVE_RULES.index(RIVAL)]
    unmoved = blind is not None and np.array_equal(own, blind[:, place])
    late = [at for at, n in enumerate(sizes) if n >= FROM] or [len(sizes) - 1]

    def above(other: Floats) -> Estimate:
        gaps = (own - other)[:, late].mean(axis=1, keepdims=True)
        return resampler.estimates(gaps, least=-1.0)[0]

    return RuleCurve(
        rule=CURVE_RULES[place],
        points=tuple(resampler.estimates(own)),
        to_rival=above(rival),
        to_blind=None if blind is None or unmoved else above(blind[:, place]),
        stops=turning(own, sizes, seed=seed) if len(sizes) > 1 else None,
    )


def _task_table(
    found: Executed, sizes: Sequence[int], orders: int, random: np.random.Generator
) -> Floats:
    """(2, rules, sizes) the chance that the chosen program is right, over orders of one task: without
    inputs of our own, and with those that were tried."""
    drawn = np.array(found.task.drawn)
    table = np.zeros((2, len(CURVE_RULES), len(sizes)))
    for _ in range(orders):
        programs = random.permutation(len(drawn))
        samples = random.permutation(len(found.task.written))
        for at, n in enumerate(sizes):
            table[:, :, at] += _chances(found, drawn, programs[:n], samples[:n])
    mean: Floats = table / orders
    return mean


def _chances(found: Executed, drawn: Ints, programs: Ints, samples: Ints) -> Floats:
    """(2, rules) the chance of a right choice among some draws, by some samples of tests."""
    count = np.bincount(drawn[programs], minlength=len(found.task.programs)).astype(np.float64)
    right = np.bincount(
        drawn[programs],
        weights=found.correct[programs].astype(np.float64),
        minlength=len(found.task.programs),
    )
    there = count > 0
    written = np.zeros(len(found.task.asserts))
    for sample in samples:
        written[list(found.task.written[sample])] += 1
    ballot = Ballot(found.asserts[there], count[there], written, found.examples[there])
    shares, weights = right[there] / count[there], count[there]

    def chances(ballot: Ballot) -> list[float]:
        chosen = [_expected(best(rule(ballot)) * weights, shares) for rule in RULES.values()]
        return [*chosen, float(shares.max() > 0)]

    blind = chances(ballot)
    if not found.given:
        return np.array([blind, blind])
    given = [row for row, own in zip(found.given, there, strict=True) if own]
    return np.array([blind, chances(ballot._replace(seen=behaviours(given, trusted(ballot))))])


def _expected(weights: Floats, shares: Floats) -> float:
    """Of the chosen ones each draw is as likely as any other."""
    return float((weights * shares).sum() / weights.sum())


def _recovered(table: Floats, seed: int) -> tuple[Estimate | None, ...]:
    shown: tuple[CurveRule, ...] = ("random", OURS, "oracle")
    low, own, high = (table[:, CURVE_RULES.index(one)] for one in shown)
    return tuple(
        share_between(low[:, at], own[:, at], high[:, at], seed=seed)
        for at in range(table.shape[2])
    )
