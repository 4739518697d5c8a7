"""The law of documents, demonstrations and iterations."""

from __future__ import annotations

import math
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest
from msgspec import json

from tts.errors import BadInput, BudgetTooSmall, UnknownName, UsageError
from tts.eval.allocate.rag_law import EPSILON, LAWS, Law, advise, choose, fit, gap_share, held_out
from tts.eval.allocate.rag_table import Setting, read_settings

KS, MS, NS = (0, 1, 5, 20, 100, 500), (0, 1, 4, 16), (1, 2, 3, 5)
BUDGETS = (16e3, 32e3, 128e3, 1e6, 5e6)


def tokens(k: int, m: int, n: int) -> float:
    return 100.0 + 100 * n * (m + 1) * max(k, 0.1)


def planted(k: int, m: int, n: int) -> float:
    x = 0.3 * math.log(k + EPSILON) + 0.1 * math.log(m + EPSILON) + 0.2 * math.log(n + EPSILON)
    return 0.2 + 0.6 / (1 + math.exp(-1.81 * (x - 0.7 + 0.46)))


def peaked(strategy: str, k: int, m: int, n: int) -> float:
    """Documents saturate and then distract; iteration pays once a demonstration teaches its format.

    Of another form than any of the laws.
    """
    score = 0.1 + 0.35 * k / (k + 8) - 0.0004 * k + 0.03 * m / (m + 2)
    if strategy == "iterdrag":
        score += -0.1 + 0.25 * (1 - 1 / n) * (1 if m else 0.5)
    return min(0.95, max(0.02, score))


def world(seed: int) -> list[Setting]:
    noise = np.random.default_rng(seed)
    found = []
    for k, m, n in product(KS, MS, NS):
        strategy = "drag" if n == 1 else "iterdrag"
        score = float(np.clip(peaked(strategy, k, m, n) + noise.normal(0, 0.01), 0, 1))
        found.append(Setting(strategy=strategy, k=k, m=m, n=n, tokens=tokens(k, m, n), score=score))
    return found


def chosen(seen: list[Setting]) -> Law:
    return min(LAWS, key=lambda law: float(np.mean(held_out(law, seen) ** 2)))


def worth(law: Law, seen: list[Setting], settings: list[Setting], budget: float) -> float:
    one, _ = choose(fit(law, seen), settings, budget)
    return peaked(one.strategy, *one.theta)


def surface() -> list[Setting]:
    return [
        Setting(strategy="drag", k=k, m=m, n=n, tokens=tokens(k, m, n), score=planted(k, m, n))
        for k, m, n in product(KS, MS, NS)
    ]


def test_planted_parameters_of_the_papers_law_come_back() -> None:
    found = fit("paper", surface())
    assert found.weights == pytest.approx([0.3, 0.1, 0.2, -0.7], abs=1e-3)


def test_the_papers_law_spends_in_a_corner() -> None:
    best, _ = choose(fit("paper", surface()), surface(), 1e9)
    assert best.theta == (500, 16, 5)


@pytest.mark.parametrize("seed", range(3))
def test_on_budgets_held_out_the_chosen_law_has_less_regret_than_the_papers(seed: int) -> None:
    settings, ours, papers = world(seed), 0.0, 0.0
    for below, budget in pairwise(BUDGETS):
        seen = [one for one in settings if one.tokens <= below]
        best = max(peaked(one.strategy, *one.theta) for one in settings if one.tokens <= budget)
        law = chosen(seen)
        ours += best - worth(law, seen, settings, budget)
        papers += best - worth("paper", seen, settings, budget)
    assert ours < papers


@pytest.mark.parametrize(
    ("baseline", "predicted", "oracle", "share"),
    [
        ((37.4, 47.6, 40.4), (37.4, 48.2, 41.0), (39.2, 49.8, 42.7), 0.19),
        ((39.0, 49.5, 42.2), (41.2, 52.0, 45.4), (46.9, 59.0, 55.1), 0.26),
        ((39.3, 49.3, 42.8), (48.0, 60.9, 56.9), (50.5, 62.1, 57.7), 0.88),
        ((44.5, 55.4, 49.8), (47.9, 59.8, 55.2), (51.7, 62.6, 58.1), 0.58),
    ],
)
def test_the_share_of_the_gap_is_that_of_the_papers_table(
    baseline: tuple[float, ...],
    predicted: tuple[float, ...],
    oracle: tuple[float, ...],
    share: float,
) -> None:
    assert gap_share(sum(baseline), sum(predicted), sum(oracle)) == pytest.approx(share, abs=0.006)


def test_advice_keeps_under_the_cap_and_has_an_interval() -> None:
    found = advise(world(0), 128e3, "")
    assert found.setting.tokens <= 128e3
    assert found.low < found.predicted < found.high


def test_too_few_settings_and_too_small_a_budget_are_refused() -> None:
    with pytest.raises(UsageError, match="8 settings"):
        advise(world(0)[:5], 128e3, "")
    with pytest.raises(BudgetTooSmall, match="cheapest setting takes 110"):
        advise(world(0), 50, "")
    with pytest.raises(UnknownName, match="musique"):
        advise(world(0), 128e3, "musique")


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ({"strategy": "drag", "tokens": 10, "score": 1.5}, BadInput),
        ({"strategy": "drag", "tokens": 0}, BadInput),
        ({"strategy": "drag", "tokens": 10, "k": -1}, BadInput),
        ({"strategy": "darg", "tokens": 10}, UnknownName),
        ({"tokens": 10}, BadInput),
    ],
)
def test_a_line_that_cannot_be_is_named(
    line: dict[str, object], error: type[Exception], tmp_path: Path
) -> None:
    path = tmp_path / "settings.jsonl"
    path.write_bytes(json.encode(line))
    with pytest.raises(error, match="jsonl:1"):
        read_settings(path)
