"""What a pilot foretells of a job, and how often it holds."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.eval.jobs import submission
from tts.eval.pilot import Pilot, forecast, student
from tts.eval.recipe import Recipe, recipe_of
from tts.eval.run_comparison import run_comparison
from tts.ledger import Controls, Questions

JOBS, WHOLE, SEEN = 400, 500, 20


@pytest.mark.parametrize(
    ("draw", "widest"),
    [
        (lambda rng: rng.lognormvariate(0, 0.5), 0.25),
        (lambda rng: rng.gammavariate(3, 1), 0.25),
        (lambda rng: 4 + 12 * (rng.random() < 0.3), 0.35),
        (lambda rng: rng.lognormvariate(0, 1), 0.50),
        (lambda rng: rng.expovariate(1), 0.45),
    ],
    ids=["log-normal", "gamma", "stops early or late", "log-normal, σ 1", "exponential"],
)
def test_nine_intervals_in_ten_hold_the_bill_of_a_simulated_job(draw: Any, widest: float) -> None:
    rng, held, widths = Random(0), 0, []
    for _ in range(JOBS):
        costs = [draw(rng) for _ in range(WHOLE)]
        found = forecast(costs[:SEEN], WHOLE)
        held += found.low <= sum(costs) <= found.high
        widths.append(found.half_width)
    assert 0.85 <= held / JOBS <= 0.95
    assert sorted(widths)[JOBS // 2] <= widest


def test_what_differs_between_kinds_in_proportion_is_no_chance() -> None:
    rng, held, widths = Random(1), 0, []
    kinds = [place % 5 for place in range(WHOLE)]
    for _ in range(JOBS):
        costs = [4.0**kind * rng.lognormvariate(0, 0.2) for kind in kinds]
        found = forecast(costs[:SEEN], WHOLE, kinds[:SEEN])
        held += found.low <= sum(costs) <= found.high
        widths.append((found.half_width, forecast(costs[:SEEN], WHOLE).half_width))
    assert held / JOBS >= 0.85
    assert all(narrow < wide / 2 for narrow, wide in widths)


@given(st.lists(st.floats(0, 1e6), min_size=2, max_size=30), st.integers(0, 1000))
def test_the_middle_lies_between_the_bounds(sums: list[float], more: int) -> None:
    found = forecast(sums, len(sums) + more)
    assert found.low <= found.middle <= found.high
    assert found.middle >= sum(sums) * (1 - 1e-9)


def test_a_skewed_sample_raises_the_upper_bound_alone() -> None:
    even, skewed = [4.0, 6.0] * 10, [4.0] * 18 + [16.0, 10.0]
    wide = forecast(skewed, 500)
    assert wide.high / wide.middle > wide.middle / wide.low * 1.05
    told = forecast(even, 500)
    assert told.high / told.middle == pytest.approx(told.middle / told.low)


def test_what_was_seen_whole_is_certain() -> None:
    assert forecast([1.0, 2.0, 3.0], 3).half_width == 0 and forecast([1.0, 2.0], 2).middle == 3


@pytest.mark.parametrize(("freedom", "value"), [(4, 2.1318), (9, 1.8331), (19, 1.7291)])
def test_the_quantile_of_students_t_is_that_of_the_tables(freedom: int, value: float) -> None:
    assert student(0.95, freedom) == pytest.approx(value, abs=2e-3)


def recipe() -> Recipe:
    keys = {"model": "simulated:0.6", "verifier": "none", "problems": "arithmetic:60"}
    return recipe_of({**keys, "strategies": ["single", "adaptive_consistency(n=6)"]})


async def ran(place: Path, pilot: int | None = None) -> Any:
    asked = submission(recipe(), job="a")
    return await run_comparison(
        recipe().spec(), ledger=place, job="a", submitted=asked, pilot=pilot
    )


async def test_the_job_goes_on_from_its_pilot_and_shows_both_figures(tmp_path: Path) -> None:
    place = tmp_path / "a.db"
    first = await ran(place, pilot=10)
    assert "20 of 120" in first.partial
    before = Controls.of(place).named("a")
    assert before.ended_at is None and not before.fault
    last = await ran(place)
    questions = Questions.open(place)
    [bill] = questions.billed("a", by="job")
    questions.close()
    told = dict(last.manifest)["estimate"]
    assert told.startswith("from 10 of 60 problems; ")
    assert f"{bill.upper.tokens:,} billed" in told
    plain = await run_comparison(recipe().spec(), ledger=tmp_path / "b.db", job="a")
    assert [row.attributed for row in last.rows] == [row.attributed for row in plain.rows]


async def test_unknown_prices_stay_unknown(tmp_path: Path) -> None:
    await ran(tmp_path / "a.db", pilot=10)
    kept = Controls.of(tmp_path / "a.db").named("a").estimate
    found = msgspec.json.decode(kept, type=Pilot)
    assert found.bill.nanodollars is None and found.bill.tokens is not None
    assert [row.row for row in found.rows] == [
        "single · no ceiling",
        "adaptive_consistency(n=6) · no ceiling",
    ]
