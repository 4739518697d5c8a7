"""Stop rules against the worked numbers of their papers."""

from __future__ import annotations

from math import isclose
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.strategies.parts.stopping import (
    Beta,
    Consensus,
    Dirichlet,
    Either,
    ExpectedGain,
    GiveUp,
    ScoreThreshold,
    Seen,
    UnanimousWindow,
    expected_draws,
    expected_gain,
    is_likeliest,
    leads,
)

draws = st.lists(st.one_of(st.none(), st.integers(0, 4)), max_size=24).map(tuple)


def votes(*counts: int) -> Seen:
    return Seen(tuple(place for place, count in enumerate(counts) for _ in range(count)))


@pytest.mark.parametrize(
    ("leader", "runner_up", "stops"), [(3, 0, False), (4, 0, True), (5, 1, False), (6, 1, True)]
)
def test_beta_stops_at_four_to_none_and_six_to_one(
    leader: int, runner_up: int, stops: bool
) -> None:
    assert Beta(0.95).stops(votes(leader, runner_up)) is stops


def test_beta_needs_the_leads_of_the_published_table() -> None:
    needed = [next(a for a in range(b, 40) if leads(a, b) >= 0.95) for b in range(9)]
    assert needed == [4, 6, 8, 9, 11, 12, 14, 15, 17]


@given(st.integers(0, 30), st.integers(0, 30))
def test_beta_is_the_integral_of_the_paper(leader: int, runner_up: int) -> None:
    points = (np.arange(200_00) + 0.5) / 200_00
    logs = leader * np.log(points) + runner_up * np.log1p(-points)
    density = np.exp(logs - logs.max())
    share = density[points > 0.5].sum() / density.sum()
    assert isclose(leads(leader, runner_up), share, abs_tol=1e-3)


@pytest.mark.parametrize("counts", [(4, 2, 1), (6, 1, 1, 1), (10, 3, 2, 1, 1), (2, 2, 2)])
def test_dirichlet_agrees_with_sampling_from_it(counts: tuple[int, ...]) -> None:
    drawn = np.random.default_rng(0).dirichlet(np.array(counts) + 1, 200_000)
    assert isclose(is_likeliest(counts), (drawn.argmax(axis=1) == 0).mean(), abs_tol=4e-3)


@given(st.lists(st.integers(1, 20), min_size=1, max_size=2))
def test_dirichlet_of_two_answers_is_beta(counts: list[int]) -> None:
    ordered = sorted(counts, reverse=True)
    leader, runner_up = (*ordered, 0)[:2]
    assert isclose(is_likeliest(ordered), leads(leader, runner_up))


def test_dirichlet_waits_longer_where_there_are_more_rivals() -> None:
    assert is_likeliest((6, 1)) > is_likeliest((6, 1, 1)) > is_likeliest((6, 1, 1, 1))


def test_a_window_stops_only_where_all_of_it_votes_alike() -> None:
    rule = UnanimousWindow(3)
    assert rule.stops(Seen((0, 1, 0, 2, 2, 2)))
    assert not rule.stops(Seen((0, 1, 1, 1, 2, 2)))
    assert not rule.stops(Seen((None, None, None)))


def test_windows_forecast_their_cost_in_closed_form() -> None:
    assert expected_draws((1.0,), size=5, n=20) == 5
    assert isclose(expected_draws((0.5, 0.5), size=2, n=4), 2 * (0.5 + 2 * 0.5))
    assert isclose(expected_draws((0.2,) * 5, size=5, n=20), 5 * 3.9904, abs_tol=0.01)


def test_consensus_asks_for_a_share_of_enough_votes() -> None:
    assert not Consensus(0.95, least=4).stops(votes(3))
    assert Consensus(0.95, least=4).stops(votes(4))
    assert not Consensus(0.95).stops(votes(18, 1)) and Consensus(0.95).stops(votes(19, 1))


def test_the_expected_gain_is_that_of_one_more_score_of_a_dirichlet_process() -> None:
    random, seen = np.random.default_rng(0), np.array([0.1, 0.4, 0.6])
    new = random.random(400_000) < 2 / (2 + 3)
    drawn = np.where(new, random.random(400_000), random.choice(seen, 400_000))
    assert isclose(expected_gain(0.6, 3, 2.0), np.clip(drawn - 0.6, 0, None).mean(), rel_tol=0.02)


def test_one_more_draw_is_worth_it_while_its_gain_exceeds_its_cost() -> None:
    spread = Seen((0,) * 4, (0.1, 0.4, 0.5, 0.8))
    assert ExpectedGain(0.005).stops(spread) and not ExpectedGain(0.003).stops(spread)
    assert not ExpectedGain(0.05, least=5).stops(spread)
    assert ExpectedGain(0.01).stops(Seen((0,), (0.9,)))


@given(best=st.floats(0, 1), n=st.integers(1, 99), more=st.integers(1, 99), higher=st.floats(0, 1))
def test_a_draw_gains_less_the_more_was_seen_and_the_better_it_is(
    best: float, n: int, more: int, higher: float
) -> None:
    gain = expected_gain(best, n)
    assert expected_gain(best, n + more) <= gain
    assert expected_gain(max(best, higher), n) <= gain


def test_a_score_threshold_accepts_the_last_draw_where_it_states_an_answer() -> None:
    rule = ScoreThreshold(0.7)
    assert rule.stops(Seen((0, 1), (0.2, 0.7))) and not rule.stops(Seen((0, 1), (0.7, 0.2)))
    assert not rule.stops(Seen((0, None), (0.2, 0.9)))
    assert not rule.stops(Seen((0,), (None,))) and not rule.stops(Seen(()))


def test_giving_up_waits_for_enough_scores_that_are_all_low() -> None:
    rule = GiveUp(0.3, after=3)
    assert not rule.stops(Seen((0,) * 2, (0.1, 0.2))) and rule.stops(Seen((0,) * 3, (0.1,) * 3))
    assert not rule.stops(Seen((0,) * 3, (0.1, 0.3, 0.1)))
    assert not rule.stops(Seen((0,) * 4, (0.1, None, 0.1, None)))


def test_either_of_two_rules_stops_and_none_never_does() -> None:
    rule = Either(ScoreThreshold(0.9), GiveUp(0.2, after=2))
    assert rule.stops(Seen((0,), (0.9,))) and rule.stops(Seen((0, 1), (0.1, 0.1)))
    assert not rule.stops(Seen((0, 1), (0.1, 0.5))) and not Either().stops(Seen((0,), (1.0,)))


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (lambda: ScoreThreshold(1.5), "between 0 and 1"),
        (lambda: GiveUp(-0.1), "between 0 and 1"),
        (lambda: GiveUp(0.1, after=0), "at least 1"),
        (lambda: ExpectedGain(0.01, prior=0), "above 0"),
        (lambda: ExpectedGain(0.01, least=0), "at least 1"),
    ],
)
def test_a_rule_that_cannot_be_says_what_its_figures_are(rule: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        rule()


@given(seen=draws.map(Seen), rule=st.sampled_from([Beta(), Dirichlet(), UnanimousWindow(4)]))
def test_draws_without_a_vote_never_stop_a_rule_by_themselves(seen: Seen, rule: object) -> None:
    silent = Seen((None,) * len(seen.classes))
    assert not rule.stops(silent)  # type: ignore[attr-defined]
    assert sum(seen.counts) == sum(place is not None for place in seen.classes)
