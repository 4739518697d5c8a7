"""What one stage of a cascade would have done on recorded draws: accept, be right, cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
from msgspec import Struct

from tts.eval.replay.costs import costs_of, known
from tts.eval.replay.pool import Draws, Flags, Floats, Ints, Pool
from tts.strategies.parts.stopping import leads

Signal = Literal["agreement", "confidence", "score"]
"""What a stage looks at: votes for its leading answer, the chance that those votes lead a further
vote (Beta, Aggarwal et al. 2023), or the highest recorded score."""
Cost = Literal["dollars", "tokens", "seconds"]
SIZES = (1, 2, 3, 4, 5, 6, 8, 12, 16, 24, 32, 64)
"""The most draws that a stage may take, of which there are at least as many on record."""
CONFIDENCES = (0.7, 0.8, 0.9, 0.95)
SCORES = 9
"""Bars that are tried: quantiles of a model's scores."""
ORDERS = 96
"""Orders of a problem's draws, about; each comes with its rotations, so that all draws are first
equally often, unless there are more of them."""


class Stage(Struct, frozen=True, kw_only=True):
    """Draw from a model, one after another, until its signal reaches a bar, at most n times."""

    setting: str
    n: int
    signal: Signal
    bar: float
    """0: nothing to reach, all n draws are taken and voted on, or the best one is chosen."""

    def spelled(self) -> str:
        """As a person would say it."""
        if self.n == 1:
            how = "1 draw"
        elif not self.bar:
            how = f"best of {self.n}" if self.signal == "score" else f"majority of {self.n}"
        else:
            how = f"up to {self.n} draws"
        needs = {
            "agreement": "an answer" if self.bar == 1 else f"{self.bar:g} that agree",
            "confidence": f"a lead that is {self.bar:g} sure",
            "score": f"a score of {self.bar:.3g}",
        }[self.signal]
        return f"{self.setting}: {how}" + (f" for {needs}" if self.bar else "")


class Tables(Struct, frozen=True, kw_only=True):
    """What every stage is expected to do with every problem, (stages, problems)."""

    stages: tuple[Stage, ...]
    problems: tuple[str, ...]
    accepted: Floats
    """Chance that its signal reaches the bar."""
    accepted_right: Floats
    """Chance that it does, and the answer is right."""
    right: Floats
    """Chance that its answer is right, accepted or not: where it is the last stage."""
    cost: Floats

    @property
    def settings(self) -> list[str]:
        return [stage.setting for stage in self.stages]


def stages_of(pools: Sequence[Pool], signal: Signal, cost: Cost) -> Tables:
    """The stages of every model whose costs are known, over the problems of all of them.

    Where a model has no draw of a problem (every call failed) it accepts nothing, is not right and
    costs nothing. Signals of a model without votes, or without scores, are never reached.
    """
    names = tuple(dict.fromkeys(draws.problem_id for pool in pools for draws in pool))
    stages, rows = list[Stage](), list[Floats]()
    for pool in pools:
        if not known(pool, cost):
            continue
        kinds = list(_kinds(pool, signal))
        by_name = {draws.problem_id: draws for draws in pool}
        table = np.zeros((4, len(kinds), len(names)))
        for place, name in enumerate(names):
            if name in by_name:
                table[:, :, place] = _problem(by_name[name], kinds, cost)
        stages += kinds
        rows.append(table)
    accepted, accepted_right, right, costs = (
        np.concatenate(rows, axis=1) if rows else np.zeros((4, 0, len(names)))
    )
    return Tables(
        stages=tuple(stages),
        problems=names,
        accepted=accepted,
        accepted_right=accepted_right,
        right=right,
        cost=costs,
    )


def _kinds(pool: Pool, signal: Signal) -> Iterator[Stage]:
    """A model's stages: without a bar, which answers in any case, and with each bar."""
    for n in (size for size in SIZES if size <= pool.most):
        yield Stage(setting=pool.setting, n=n, signal=signal, bar=0)
        if not (pool.scored if signal == "score" else pool.votes):
            continue
        for bar in _bars(pool, signal, n):
            yield Stage(setting=pool.setting, n=n, signal=signal, bar=bar)


def _bars(pool: Pool, signal: Signal, n: int) -> Sequence[float]:
    if signal == "agreement":
        return sorted(
            {*range(1, min(n, 4) + 1), *(round(n * share) for share in (0.5, 0.7, 0.9))} - {0}
        )
    if signal == "confidence":
        return [bar for bar in CONFIDENCES if leads(n, 0) >= bar]
    scores = np.concatenate([draws.scores[draws.scored] for draws in pool])
    return [float(bar) for bar in np.unique(np.quantile(scores, np.linspace(0.1, 0.9, SCORES)))]


def _problem(draws: Draws, kinds: Sequence[Stage], cost: Cost) -> Floats:
    """(4, kinds): accepted, accepted and right, right, cost; means over orders."""
    places = _orders(draws)
    spent = np.cumsum(costs_of(draws, cost, scored=kinds[0].signal == "score")[places], axis=1)
    signal, right = (
        _scored(draws, places)
        if kinds[0].signal == "score"
        else _voted(draws, places, kinds[0].signal)
    )
    chances = np.broadcast_to(draws.correct[places], right.shape)
    mute = (
        kinds[0].signal != "score" and not (draws.classes >= 0).any() and not draws.answered.any()
    )
    found = np.empty((4, len(kinds)))
    rows = np.arange(len(places))
    for at, kind in enumerate(kinds):
        n = min(kind.n, places.shape[1])
        reached = (
            signal[:, :n] >= kind.bar if kind.bar else np.zeros((len(rows), n), dtype=np.bool_)
        )
        accept = reached.any(axis=1)
        stop = np.where(accept, reached.argmax(axis=1), n - 1)
        # Only verdicts were recorded: one draw can be asked for, and nothing chosen among several.
        good = chances[rows, 0] if mute else right[rows, stop]
        found[:, at] = accept.mean(), (accept * good).mean(), good.mean(), spent[rows, stop].mean()
    return found


def _orders(draws: Draws) -> Ints:
    """(orders, the most draws of a stage): random orders, each with all its rotations where there
    are not too many, the same in every run."""
    random, n = np.random.default_rng(draws.n), draws.n
    if n > ORDERS:
        return np.stack([random.permutation(n)[: SIZES[-1]] for _ in range(ORDERS)])
    turns = (np.arange(n)[:, None] + np.arange(n)) % n
    some = [random.permutation(n)[turns] for _ in range(-(-ORDERS // n))]
    return np.concatenate(some)[:, : SIZES[-1]]


def _voted(draws: Draws, places: Ints, signal: Signal) -> tuple[Floats, Floats]:
    """After 1, 2, … draws of each order: the signal, and the chance that the vote is right; leading
    classes that tie share it."""
    classes = draws.classes[places]
    count = max(1, int(draws.classes.max(initial=-1)) + 1)
    votes = np.cumsum(classes[:, :, None] == np.arange(count), axis=1)
    lead = votes.max(axis=2)
    ahead = (votes == lead[:, :, None]) & (lead[:, :, None] > 0)
    share = np.zeros(count)
    share[: len(draws.sizes)] = draws.rights / np.maximum(draws.sizes, 1)
    right = (ahead * share).sum(axis=2) / np.maximum(ahead.sum(axis=2), 1)
    if signal == "agreement":
        return lead.astype(np.float64), right
    second = np.sort(votes, axis=2)[:, :, -2] if count > 1 else np.zeros_like(lead)
    return _sureness(draws.n)[lead, second], right


def _sureness(n: int) -> Floats:
    """How sure a lead is, by its votes and those of the second; nothing is said by no vote."""
    table = np.zeros((n + 1, n + 1))
    for first in range(1, n + 1):
        for second in range(min(first, n - first) + 1):
            table[first, second] = leads(first, second)
    return table


def _scored(draws: Draws, places: Ints) -> tuple[Floats, Floats]:
    """The highest score so far, and whether the draw that has it is right; a draw without an answer
    is not chosen while there is another."""
    standing = np.where(draws.answered, draws.scores, draws.scores - 2.0)
    scores = np.nan_to_num(standing, nan=-3.0)[places]
    best = np.maximum.accumulate(scores, axis=1)
    fresh: Flags = np.ones(scores.shape, dtype=np.bool_)
    fresh[:, 1:] = scores[:, 1:] > best[:, :-1]
    at = np.maximum.accumulate(np.where(fresh, np.arange(scores.shape[1]), 0), axis=1)
    chosen = np.take_along_axis(places, at, axis=1)
    return best, draws.correct[chosen].astype(np.float64)
