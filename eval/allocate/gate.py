"""Accept or escalate: a bar on confidence whose error is known to be small, at every round.

For each level of confidence a bettor plays against "answers at least so sure are wrong more often
than `error`": where that is so no strategy of bets makes money, and by Ville's inequality the chance
that its stake ever grows 1 / alpha times is at most alpha (Waudby-Smith & Ramdas 2024). A level whose
bettor has won so much is certified, and stays it; levels are certified from the strictest on
(fixed sequence, Angelopoulos et al. 2021), so that all of them together err with chance alpha, however
often one looks and whenever one stops.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import numpy as np
from msgspec import Struct

from tts.errors import BadInput
from tts.eval.allocate.curves import Floats
from tts.eval.replay.pool import Flags

BETS = (0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.95)
"""Shares of what may be staked; the bettor divides its money between as many players."""


class Evidence:
    """The bettors of every level, of one stream or of many streams at once.

    The answers of a stream are alike (independent, or each as likely wrong as before given the past);
    what is labelled may depend on all that was seen before, and on the confidence.
    """

    def __init__(
        self, error: float, alpha: float, levels: Sequence[float], *, streams: tuple[int, ...] = ()
    ) -> None:
        if not 0 < error < 1 or not 0 < alpha < 1:
            raise BadInput(f"error and alpha lie between 0 and 1, not at {error:g} and {alpha:g}.")
        if not levels or list(levels) != sorted(set(levels)):
            raise BadInput("The levels of a gate rise, and there is at least one.")
        self.error, self.alpha = error, alpha
        self.levels: Floats = np.asarray(levels, dtype=np.float64)
        self._bets = np.asarray(BETS)
        self._money = np.full((*streams, len(levels), len(BETS)), -np.log(len(BETS)))
        self._certified = np.zeros((*streams, len(levels)), dtype=np.bool_)

    @property
    def bar(self) -> Floats:
        """The least confidence that is accepted now; infinite before anything is certified."""
        found: Floats = np.where(self._certified, self.levels, np.inf).min(axis=-1)
        return found

    def see(
        self, confidence: Floats, wrong: Flags, labelled: Flags, probability: Floats, least: Floats
    ) -> None:
        """An answer of each stream: whether it was wrong where it was labelled, with what chance it
        was to be, and the least such chance of any confidence in this round."""
        at_stake = (confidence[..., None] >= self.levels) & labelled[..., None]
        weight = np.where(labelled, least / np.where(labelled, probability, 1.0), 0.0)
        loss = weight * (wrong - self.error) / (1 - self.error)
        factor = np.log1p(-self._bets * loss[..., None])
        self._money += at_stake[..., None] * factor[..., None, :]
        won = np.logaddexp.reduce(self._money, axis=-1) >= -np.log(self.alpha)
        strictest_first = np.logical_and.accumulate((won | self._certified)[..., ::-1], axis=-1)
        self._certified = strictest_first[..., ::-1]


class Said(Struct, frozen=True, kw_only=True):
    """What a gate said of an answer."""

    confidence: float
    accept: bool
    label: bool
    """The gate wants to be told whether the answer was right: of everything that it escalates, and
    of a random share of what it accepts."""


class Gate:
    """Accepts an answer or escalates it, answer by answer.

    With chance 1 − alpha, at no round is the bar in use one above which more than a share `error` of
    answers are wrong. Until that is known of some level, everything is escalated. Whoever escalates
    tells what came of it; of accepted answers a share `audit` is to be checked, too, which keeps the
    evidence fair: without it (0) the first bar that is certified stays.
    """

    def __init__(
        self,
        error: float,
        *,
        levels: Sequence[float],
        alpha: float = 0.05,
        audit: float = 0.1,
        seed: int = 0,
    ) -> None:
        if not 0 <= audit <= 1:
            raise BadInput(f"audit is a share of answers, not {audit:g}.")
        self._evidence = Evidence(error, alpha, levels)
        self._audit, self._random = audit, Random(seed)

    @property
    def bar(self) -> float:
        """The least confidence that is accepted now; infinite before anything is certified."""
        return float(self._evidence.bar)

    def ask(self, confidence: float) -> Said:
        """Whether to accept an answer of this confidence, and whether to label it."""
        accept = confidence >= self.bar
        label = not accept or self._random.random() < self._audit
        return Said(confidence=confidence, accept=accept, label=label)

    def tell(self, said: Said, *, right: bool) -> None:
        """Whether an answer that was to be labelled was right, before the next one is asked about."""
        certified = self.bar < np.inf
        if not said.label or (certified and self._audit == 0):
            return
        self._evidence.see(
            np.asarray(said.confidence),
            np.asarray(not right),
            np.asarray(True),
            np.asarray(self._audit if said.accept else 1.0),
            np.asarray(self._audit if certified else 1.0),
        )
