"""Which documents, demonstrations and iterations a token budget should buy, by a fitted law.

The computation allocation model is that of Yue et al., *Inference Scaling for Long-Context Retrieval
Augmented Generation* (2025), eq. 2 and App. H. It is linear in log θ under a cost that is nearly so
too, so caps do all the choosing; its rivals here bend, and let each strategy have a surface of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from tts.errors import BudgetTooSmall, UnknownName, UsageError
from tts.eval.allocate.rag_table import READERS, Setting

Floats = NDArray[np.float64]
Law = Literal["paper", "peaked", "regimes", "peaked regimes"]
LAWS: tuple[Law, ...] = get_args(Law)
EPSILON = 0.01
HEIGHT, SLOPE, SHIFT, FLOOR = 3.30, 1.81, 0.46, -2.18
"""σ(x) = HEIGHT / (1 + exp(-SLOPE (x + SHIFT))) + FLOOR, of z-scored scores (App. H)."""
FEWEST = 8
FOLDS = 8
RIDGE = 1e-3
ROUNDS = 60
LEAST = 1e-8
"""Of the damping: below it a flat direction of the fit makes its equations singular."""


class Scale(NamedTuple):
    """Mean and spread of a dataset's scores, and how much a document and a demonstration help it."""

    mean: float
    spread: float
    documents: float | None
    demonstrations: float | None


class Fitted(NamedTuple):
    """A law with its weights; `height` and `floor` are the sigmoid's, and None where it is straight."""

    law: Law
    weights: Floats
    scales: dict[str, Scale]
    informed: bool
    height: float | None
    floor: float | None

    def predict(self, settings: Sequence[Setting]) -> Floats:
        """Scores in 0..1 of settings whose datasets the law was fitted on, shape `(settings,)`."""
        x = _features(self.law, settings, self.scales, self.informed) @ self.weights
        if self.height is not None and self.floor is not None:
            x = self.height * _logistic(x) + self.floor
        mean = np.array([self.scales[one.dataset].mean for one in settings])
        spread = np.array([self.scales[one.dataset].spread for one in settings])
        return np.clip(mean + spread * x, 0, 1)


class Advice(Struct, frozen=True, kw_only=True):
    """What to run under a cap per question, and what to expect of it."""

    setting: Setting
    law: Law
    predicted: float
    low: float
    high: float
    """95 % of the settings held out were nearer than this to what was foretold of them."""
    errors: dict[Law, float]
    """Root mean squared error of every law on settings held out."""


def advise(settings: Sequence[Setting], budget: float, dataset: str) -> Advice:
    """The best setting of the dataset that keeps under `budget` tokens for every question.

    The law is chosen by cross-validation. Raises `UsageError` where fewer than `FEWEST` settings have
    scores, `UnknownName` where the dataset has none, `BudgetTooSmall` where none is cheap enough.
    """
    scored = [one for one in settings if one.score is not None]
    if len(scored) < FEWEST:
        raise UsageError(f"A law needs {FEWEST} settings with scores, and there are {len(scored)}.")
    if dataset not in (names := {one.dataset for one in scored}):
        raise UnknownName("dataset", dataset, names)
    own = [one for one in settings if one.dataset == dataset]
    cheapest = min(one.tokens for one in own)
    if cheapest > budget:
        raise BudgetTooSmall(
            f"The cheapest setting takes {cheapest:,.0f} tokens a question, and the budget is"
            f" {budget:,.0f}."
        )
    misses = {law: held_out(law, scored) for law in LAWS}
    errors: dict[Law, float] = {name: float(np.sqrt(np.mean(misses[name] ** 2))) for name in LAWS}
    law = min(LAWS, key=errors.__getitem__)
    best, predicted = choose(fit(law, scored), own, budget)
    wide = float(np.quantile(np.abs(misses[law]), 0.95, method="higher"))
    low, high = max(0.0, predicted - wide), min(1.0, predicted + wide)
    return Advice(setting=best, law=law, predicted=predicted, low=low, high=high, errors=errors)


def choose(fitted: Fitted, settings: Sequence[Setting], budget: float) -> tuple[Setting, float]:
    """The setting of the highest prediction that `budget` pays for; the cheaper of equals."""
    able = sorted((one for one in settings if one.tokens <= budget), key=lambda one: one.tokens)
    values = fitted.predict(able)
    at = int(np.argmax(values))
    return able[at], float(values[at])


def gap_share(baseline: float, predicted: float, oracle: float) -> float | None:
    """How much of the gap between a baseline and the best setting a prediction closes."""
    return None if oracle == baseline else (predicted - baseline) / (oracle - baseline)


def held_out(law: Law, scored: Sequence[Setting]) -> Floats:
    """What each setting's score differs by from a law fitted without it, in folds along the price."""
    order = np.argsort([one.tokens for one in scored], kind="stable")
    miss = np.zeros(len(scored))
    for fold in range(FOLDS):
        out = order[fold::FOLDS]
        kept = [scored[at] for at in range(len(scored)) if at not in set(out.tolist())]
        asked = [scored[at] for at in out]
        known = {one.dataset for one in kept}
        if any(one.dataset not in known for one in asked):
            raise UsageError("Every dataset needs two settings with scores at least.")
        miss[out] = fit(law, kept).predict(asked) - _scores(asked)
    return miss


def fit(law: Law, scored: Sequence[Setting]) -> Fitted:
    """A law's weights by least squares on scores that are z-scored within each dataset."""
    scales = {name: _scale(scored, name) for name in sorted({one.dataset for one in scored})}
    informed = _informed(scales)
    mean = np.array([scales[one.dataset].mean for one in scored])
    spread = np.array([scales[one.dataset].spread for one in scored])
    z = (_scores(scored) - mean) / spread
    x = _features(law, scored, scales, informed)
    if law == "paper":
        weights, height, floor = _sigmoidal(x, z)
        return Fitted(law, weights, scales, informed, height, floor)
    return Fitted(law, _ridge(x, z), scales, informed, None, None)


def _scores(settings: Sequence[Setting]) -> Floats:
    return np.array([one.score for one in settings], dtype=np.float64)


def _scale(scored: Sequence[Setting], dataset: str) -> Scale:
    own = [one for one in scored if one.dataset == dataset]
    scores = _scores(own)
    cells = {one.theta: one.score for one in own}
    bare, document, shot = (cells.get(theta) for theta in ((0, 0, 1), (1, 0, 1), (0, 1, 1)))
    return Scale(
        float(scores.mean()),
        float(scores.std()) or 1.0,
        None if bare is None or document is None else document - bare,
        None if bare is None or shot is None else shot - bare,
    )


def _informed(scales: dict[str, Scale]) -> bool:
    """Whether probes tell datasets apart; those of a single one are a multiple of the slopes."""
    probes = {(one.documents, one.demonstrations) for one in scales.values()}
    return len(probes) > 1 and not any(None in probe for probe in probes)


def _features(
    law: Law, settings: Sequence[Setting], scales: dict[str, Scale], informed: bool
) -> Floats:
    theta = np.array([one.theta for one in settings], dtype=np.float64)
    one = np.ones((len(settings), 1))
    if law == "paper":
        logs = np.log(theta + EPSILON)
        parts = [logs, one]
        if informed:
            probes = [
                (scales[s.dataset].documents, scales[s.dataset].demonstrations) for s in settings
            ]
            parts.append(logs[:, :2] * np.array(probes, dtype=np.float64))
        return np.hstack(parts)
    logs = np.log1p(theta)
    bent = [logs, logs**2, logs[:, [0]] * logs[:, [1]], logs[:, [0]] * logs[:, [2]]]
    base = np.hstack([one, logs] if law == "regimes" else [one, *bent])
    if law == "peaked":
        return base
    of = np.array([[s.strategy == name for name in READERS] for s in settings])
    return np.hstack([base * of[:, [at]] for at in range(len(READERS))])


def _ridge(x: Floats, z: Floats) -> Floats:
    inner = x.T @ x + RIDGE * np.eye(x.shape[1])
    return np.asarray(np.linalg.solve(inner, x.T @ z), dtype=np.float64)


def _logistic(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(SLOPE * (x + SHIFT), -60, 60))), dtype=np.float64)


def _sigmoidal(x: Floats, z: Floats) -> tuple[Floats, float, float]:
    """Weights, height and floor of the sigmoid, by Levenberg's damped steps from a straight fit.

    Slope and shift stay as published: any others are a scale of the weights.
    """
    width = x.shape[1]
    p: Floats = np.concatenate([_ridge(x, z), [HEIGHT, FLOOR]])
    damping, error = 1e-2, np.inf
    for _ in range(ROUNDS):
        s = _logistic(x @ p[:width])
        slopes = (p[width] * SLOPE * s * (1 - s))[:, None] * x
        jacobian = np.column_stack([slopes, s, np.ones_like(s)])
        miss = p[width] * s + p[width + 1] - z
        error = float(miss @ miss)
        inner = jacobian.T @ jacobian + damping * np.eye(width + 2)
        tried = p - np.asarray(np.linalg.solve(inner, jacobian.T @ miss), dtype=np.float64)
        again = tried[width] * _logistic(x @ tried[:width]) + tried[width + 1] - z
        better = float(again @ again) < error
        p, damping = (tried, max(LEAST, damping / 4)) if better else (p, damping * 4)
    return p[:width], float(p[width]), float(p[width + 1])
