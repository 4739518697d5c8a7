"""What a stage does with recorded draws, in every order of them."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from msgspec.structs import replace

from tests.eval.cascade.conftest import drawn
from tests.eval.replay.conftest import draws, pool
from tts.eval.cascade.stages import Stage, Tables, stages_of
from tts.eval.replay.pool import Draws, Pool


def at(tables: Tables, n: int, bar: float) -> list[float]:
    """Accepted, accepted and right, right, cost of the first problem."""
    place = next(i for i, one in enumerate(tables.stages) if (one.n, one.bar) == (n, bar))
    rows = (tables.accepted, tables.accepted_right, tables.right, tables.cost)
    return [float(row[place, 0]) for row in rows]


def by_hand(one: Draws, n: int, bar: int) -> list[float]:
    """The same over all orders, draw by draw."""
    found = []
    for order in permutations(range(one.n)):
        votes = dict[int, int]()
        spent, leader, accepted = 0.0, np.float64(0), False
        for place in order[:n]:
            spent += float(one.prompts[place] + one.tokens[place])
            name = int(one.classes[place])
            votes[name] = votes.get(name, 0) + 1
            most = max(votes.values())
            tied = [name for name, count in votes.items() if count == most]
            leader = np.mean([one.correct[one.classes == name].mean() for name in tied])
            if bar and most >= bar:
                accepted = True
                break
        found.append([accepted, accepted * leader, leader, spent])
    return np.mean(found, axis=0).tolist()


@pytest.mark.parametrize(("n", "bar"), [(1, 0), (1, 1), (2, 2), (3, 0), (3, 2), (4, 3)])
def test_agreement_is_what_walking_every_order_gives(n: int, bar: int) -> None:
    one = draws([0, 0, 1, 2], [True, True, False, False], tokens=[10, 20, 40, 80])
    tables = stages_of([pool(one)], "agreement", "tokens")
    assert at(tables, n, bar) == pytest.approx(by_hand(one, n, bar), abs=0.08)


def test_a_first_draw_is_every_draw_equally_often() -> None:
    one = draws([0, 1, 2], [True, False, False], tokens=[10, 20, 60])
    assert at(stages_of([pool(one)], "agreement", "tokens"), 1, 0) == pytest.approx(
        [0, 0, 1 / 3, 35]
    )


def test_a_sure_lead_and_a_high_score_are_signals_too() -> None:
    one = draws([0, 0, 1], [True, True, False], [0.9, 0.9, 0.1])
    sure = stages_of([pool(one)], "confidence", "tokens")
    # Two votes for one answer lead by 7/8, which needs the one draw that differs to come last.
    assert at(sure, 2, 0.8)[0] == pytest.approx(1 / 3, abs=0.05)
    scored = stages_of([pool(one)], "score", "tokens")
    bar = max(stage.bar for stage in scored.stages)
    accepted, right, _, cost = at(scored, 2, bar)
    assert accepted == right == 1.0
    assert cost == pytest.approx(15 + 15 / 3, abs=1)


def test_a_failed_problem_and_a_model_without_answers_are_passed_on() -> None:
    some, every = drawn("a", [1.0, 1.0]), drawn("b", [1.0, 1.0])
    missing = replace(some, problems=some.problems[:1])
    tables = stages_of([missing, every], "agreement", "dollars")
    gone = [i for i, stage in enumerate(tables.stages) if stage.setting == "a"]
    assert not tables.accepted[gone, 1].any() and not tables.right[gone, 1].any()
    assert not tables.cost[gone, 1].any()
    mute = pool(draws([-1, -1, -1], [True, False, False]))
    stages = stages_of([mute], "agreement", "tokens")
    assert {stage.bar for stage in stages.stages} == {0}


def test_only_models_whose_costs_are_known_take_part() -> None:
    unpriced = pool(draws([0], [True]))
    tables = stages_of([unpriced, drawn("b", [1.0])], "agreement", "dollars")
    assert set(tables.settings) == {"b"}


@pytest.mark.parametrize(
    ("stage", "told"),
    [
        (Stage(setting="m", n=1, signal="agreement", bar=0), "m: 1 draw"),
        (Stage(setting="m", n=4, signal="agreement", bar=0), "m: majority of 4"),
        (Stage(setting="m", n=4, signal="score", bar=0), "m: best of 4"),
        (Stage(setting="m", n=4, signal="agreement", bar=3), "m: up to 4 draws for 3 that agree"),
        (Stage(setting="m", n=1, signal="agreement", bar=1), "m: 1 draw for an answer"),
        (Stage(setting="m", n=8, signal="score", bar=0.5), "m: up to 8 draws for a score of 0.5"),
    ],
)
def test_a_stage_is_said_in_words(stage: Stage, told: str) -> None:
    assert stage.spelled() == told


def test_no_pool_that_is_priced_gives_no_stage() -> None:
    found: list[Pool] = [pool(draws([0], [True]))]
    assert stages_of(found, "agreement", "dollars").stages == ()


def test_a_thousand_draws_are_walked_as_far_as_a_stage_goes() -> None:
    many = drawn("m", [0.6, 0.2], n=1_000)
    tables = stages_of([many], "agreement", "tokens")
    last = next(i for i, one in enumerate(tables.stages) if (one.n, one.bar) == (64, 0))
    assert tables.right[last, 0] > 0.95
    assert tables.cost[last] == pytest.approx(64 * 15)
