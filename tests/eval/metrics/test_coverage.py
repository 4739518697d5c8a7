"""Distributions of chances: found again in pools that were drawn from one."""

from __future__ import annotations

import numpy as np
import pytest

from tts.eval.metrics import CoverageFit, coverage_fit


def simulated(
    alpha: float, beta: float, *, problems: int, n: int, seed: int
) -> list[tuple[int, int]]:
    random = np.random.default_rng(seed)
    chances = random.beta(alpha, beta, problems)
    return [(int(right), n) for right in random.binomial(n, chances)]


@pytest.mark.parametrize(("alpha", "beta"), [(0.3, 2.0), (1.0, 1.0), (5.0, 3.0), (0.2, 0.2)])
def test_a_simulated_pool_gives_its_distribution_back(alpha: float, beta: float) -> None:
    found = coverage_fit(simulated(alpha, beta, problems=4000, n=20, seed=1))
    assert found.alpha == pytest.approx(alpha, rel=0.12)
    assert found.beta == pytest.approx(beta, rel=0.12)


def test_coverage_of_many_draws_is_foretold_from_few() -> None:
    truth = CoverageFit(alpha=0.4, beta=1.5, log_likelihood=0, problems=1, draws=1)
    found = coverage_fit(simulated(0.4, 1.5, problems=2000, n=16, seed=2))
    for k in (1, 16, 256, 4096):
        assert found.pass_at_k(k) == pytest.approx(truth.pass_at_k(k), abs=0.03)


def test_what_remains_falls_with_the_power_alpha() -> None:
    fit = CoverageFit(alpha=0.5, beta=3.0, log_likelihood=0, problems=1, draws=1)
    left = [1 - fit.pass_at_k(k) for k in (1e6, 1e7)]
    assert np.log10(left[0] / left[1]) == pytest.approx(0.5, abs=1e-3)


def test_the_draws_for_a_coverage_reach_it() -> None:
    fit = CoverageFit(alpha=0.5, beta=3.0, log_likelihood=0, problems=1, draws=1)
    assert fit.pass_at_k(fit.draws_for(0.9)) == pytest.approx(0.9)
    with pytest.raises(ValueError, match="coverage lies between"):
        fit.draws_for(0.01)


def test_equally_hard_problems_have_no_spread() -> None:
    random = np.random.default_rng(0)
    found = coverage_fit([(int(right), 30) for right in random.binomial(30, 0.4, 500)])
    assert found.spread < 0.01 and found.mean == pytest.approx(0.4, abs=0.01)


@pytest.mark.parametrize("told", [[(4, 4)] * 9, [(0, 4)] * 9, [(0, 4), (4, 4)] * 9])
def test_extreme_pools_have_a_fit(told: list[tuple[int, int]]) -> None:
    found = coverage_fit(told)
    mean = sum(right for right, _ in told) / sum(n for _, n in told)
    assert found.pass_at_k(1) == pytest.approx(mean, abs=0.05)


def test_one_draw_per_problem_tells_no_distribution() -> None:
    with pytest.raises(ValueError, match="two draws per problem"):
        coverage_fit([(1, 1), (0, 1)])
