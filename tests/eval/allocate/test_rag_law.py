"""The law of documents, demonstrations and iterations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec import json

from tts.errors import BadInput, BudgetTooSmall, UnknownName, UsageError
from tts.eval.allocate.rag_law import advise, choose, fit, gap_share, held_out
from tts.eval.allocate.rag_table import read_settings
from tts.eval.bench.rag_law import (
    BUDGETS,
    KS,
    PLANTED,
    SURFACES,
    TABLE_4,
    Surface,
    distracted,
    planted,
    walked,
    world,
)


def test_planted_parameters_of_the_papers_law_come_back() -> None:
    assert fit("paper", planted()).weights == pytest.approx(PLANTED, abs=1e-3)


def test_the_papers_law_spends_in_a_corner() -> None:
    best, _ = choose(fit("paper", planted()), planted(), 1e9)
    assert best.theta == (500, 16, 5)


@pytest.mark.parametrize("surface", SURFACES.values())
@pytest.mark.parametrize("seed", range(3))
def test_on_budgets_held_out_the_chosen_law_has_less_regret_than_the_papers(
    surface: Surface, seed: int
) -> None:
    steps = walked(surface, seed)
    assert sum(one.paper for one in steps) < sum(one.chosen for one in steps)


def test_a_surface_with_a_flat_direction_is_fitted_all_the_same() -> None:
    seen = [one for one in world(SURFACES["forty documents are best"], 19) if one.tokens <= 1e6]
    assert (
        np.isfinite(fit("paper", seen).weights).all() and np.isfinite(held_out("paper", seen)).all()
    )


@pytest.mark.parametrize("published", TABLE_4.values())
def test_the_share_of_the_gap_is_that_of_the_papers_table(published: Any) -> None:
    scores, share = published
    assert gap_share(*(sum(one) for one in scores)) == pytest.approx(share, abs=0.006)


@pytest.mark.parametrize("surface", SURFACES.values())
def test_surfaces_have_a_peak_and_change_from_one_strategy_to_the_other(surface: Surface) -> None:
    drag = [surface("drag", k, 1, 1) for k in KS]
    assert max(drag) not in (drag[0], drag[-1])
    best = [
        max(
            (one for one in world(surface, 0) if one.tokens <= budget),
            key=lambda one: surface(one.strategy, *one.theta),
        ).strategy
        for budget in (1e3, BUDGETS[-1])
    ]
    assert best == ["drag", "iterdrag"]


def test_advice_keeps_under_the_cap_and_has_an_interval() -> None:
    found = advise(world(distracted, 0), 128e3, "")
    assert found.setting.tokens <= 128e3
    assert found.low < found.predicted < found.high


def test_too_few_settings_and_too_small_a_budget_are_refused() -> None:
    with pytest.raises(UsageError, match="8 settings"):
        advise(world(distracted, 0)[:5], 128e3, "")
    with pytest.raises(BudgetTooSmall, match="cheapest setting takes 110"):
        advise(world(distracted, 0), 50, "")
    with pytest.raises(UnknownName, match="musique"):
        advise(world(distracted, 0), 128e3, "musique")


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
