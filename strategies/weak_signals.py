"""Several weak verdicts combined into one, without labels."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]

PRIOR_RIGHT, PRIOR_WRONG = 7.0, 3.0
"""A signal is taken to be right in seven cases of ten, before anything is seen."""
ROUNDS = 50
WORTH = 0.55
"""A signal that is right less often than this says nothing and is left out."""


def binarised(signals: Floats) -> Floats:
    """Each signal's verdict on each candidate, 1 above the signal's mean, 0 below.

    `signals` is (candidates, signals); unknown values (NaN) and signals that are the same for all
    candidates give no verdict: 0.5.
    """
    known = ~np.isnan(signals)
    counts = np.maximum(known.sum(axis=0), 1)
    means = np.where(known, signals, 0.0).sum(axis=0) / counts
    above = np.where(known, np.sign(np.nan_to_num(signals) - means), 0.0)
    return np.asarray((above + 1.0) / 2.0, dtype=np.float64)


def accuracies(verdicts: Floats, *, share: float = 0.5) -> Floats:
    """How often each signal is right, by expectation maximisation over the unknown truth.

    Dawid and Skene's (1979) model with one accuracy per signal and a Beta prior; `share` is the
    prior probability that a candidate is right. Deterministic.
    """
    found = np.full(verdicts.shape[1], PRIOR_RIGHT / (PRIOR_RIGHT + PRIOR_WRONG))
    given = (verdicts != 0.5).sum(axis=0)
    for _ in range(ROUNDS):
        right = posterior(verdicts, found, share=share)[:, None]
        agree = np.where(verdicts == 1.0, right, np.where(verdicts == 0.0, 1.0 - right, 0.0))
        total = given + PRIOR_RIGHT + PRIOR_WRONG - 2.0
        found = (agree.sum(axis=0) + PRIOR_RIGHT - 1.0) / total
    return found


def posterior(verdicts: Floats, right: Floats, *, share: float = 0.5) -> Floats:
    """P(candidate is right | verdicts), the signals being independent given the truth."""
    sure = np.clip(right, 1e-6, 1.0 - 1e-6)
    odds = np.where(right >= WORTH, np.log(sure / (1.0 - sure)), 0.0)
    logit = np.log(share / (1.0 - share)) + ((2.0 * verdicts - 1.0) * odds).sum(axis=1)
    return np.asarray(1.0 / (1.0 + np.exp(-logit)), dtype=np.float64)


def calibration(verdicts: Floats, truth: Floats) -> Floats:
    """Accuracies from labelled candidates of a training split, one row per candidate."""
    agree = np.where(verdicts == 0.5, 0.0, 1.0 - np.abs(verdicts - truth[:, None])).sum(axis=0)
    given = (verdicts != 0.5).sum(axis=0)
    return np.asarray(
        (agree + PRIOR_RIGHT - 1.0) / (given + PRIOR_RIGHT + PRIOR_WRONG - 2.0), dtype=np.float64
    )
