"""A vote on recorded draws that ends when its leader is sure: many problems and orders at once."""

from __future__ import annotations

import numpy as np

from tts.eval.calibration.table import Climbed, Table
from tts.eval.replay.pool import Flags, Floats, Ints
from tts.strategies.allocation.ladder import Ladder
from tts.strategies.parts.stopping import leads

LATE = 1e-6
"""What the place of its first draw takes off a class: of equals the first one wins."""


def walk_votes(found: Table, ladder: Ladder) -> Climbed:
    """What a ladder of one rung of draws answers and spends without a verifier.

    The same rule as `tts.strategies.parts.stopping.Beta`, asked at the end of each batch by every
    draw of it; the answer is that of most draws.
    """
    [rung] = ladder.rungs
    column = found.draws
    most = min(rung.n, column.classes.shape[2])
    votes = _counts(column.classes[..., :most])
    sure = _sureness(votes, most) if rung.accept is not None else np.zeros(votes.shape[:3])
    drawn, accepted = _ends(sure >= (rung.accept or 2.0), rung.batch)
    taken = np.arange(most) < drawn[..., None]
    final = np.take_along_axis(votes, (drawn - 1)[..., None, None], axis=2)[:, :, 0]
    voted = column.classes[..., :most]
    at = np.where(voted >= 0, voted, votes.shape[3])
    truth, early = _classes(at, column.correct[..., :most], votes.shape[3])
    winner = np.argmax(final - LATE * early, axis=-1)[..., None]
    right = np.take_along_axis(truth, winner, axis=-1)[..., 0] & (final.max(axis=-1) > 0)
    tokens = np.asarray((column.tokens[..., :most] * taken).sum(axis=-1))
    rate = column.draw_flops
    return Climbed(
        right=right,
        tokens=tokens,
        rescored=tokens,
        flops=None if rate is None else tokens * rate,
        accepted=accepted,
        score=final.max(axis=-1) / np.maximum(final.sum(axis=-1), 1),
        drawn=drawn,
    )


def _counts(classes: Ints) -> Ints:
    """(problems, orders, draws, classes): votes after each draw."""
    known = np.arange(max(1, int(classes.max(initial=-1)) + 1))
    return np.cumsum(classes[..., None] == known, axis=2)


def _sureness(votes: Ints, most: int) -> Floats:
    """How surely the leader leads, after each draw."""
    table = np.zeros((most + 1, most + 1))
    for first in range(most + 1):
        for second in range(min(first, most - first) + 1):
            table[first, second] = leads(first, second)
    if votes.shape[3] == 1:
        return np.asarray(table[votes[..., 0], 0])
    top = np.partition(votes, votes.shape[3] - 2, axis=3)
    return np.asarray(table[top[..., -1], top[..., -2]])


def _ends(stops: Flags, batch: int) -> tuple[Ints, Flags]:
    """After how many draws it ends, and whether a rule ended it."""
    most = stops.shape[2]
    first = np.where(stops.any(axis=2), stops.argmax(axis=2), most - 1)
    ended: Flags = np.asarray(stops.any(axis=2))
    return np.asarray(np.minimum((first // batch + 1) * batch, most)), ended


def _classes(at: Ints, correct: Flags, count: int) -> tuple[Flags, Ints]:
    """Of each class whether its first draw is right, and which draw that is; (…, classes)."""
    most = at.shape[2]
    truth = np.zeros((*at.shape[:2], count + 1), dtype=np.bool_)
    early = np.full((*at.shape[:2], count + 1), most)
    for k in range(most - 1, -1, -1):
        place = at[..., k : k + 1]
        np.put_along_axis(truth, place, correct[..., k : k + 1], axis=2)
        np.put_along_axis(early, place, k, axis=2)
    return truth[..., :count], early[..., :count]
