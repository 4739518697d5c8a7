from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.strategies.code.agreement import RULES, Ballot, Floats, RuleName, best


def ballot(
    passed: list[list[int]],
    drawn: list[float],
    written: list[float] | None = None,
    shown: list[list[int]] | None = None,
) -> Ballot:
    tests = len(passed[0])
    return Ballot(
        np.array(passed, dtype=np.bool_).reshape(len(passed), tests),
        np.array(drawn, dtype=np.float64),
        np.ones(tests) if written is None else np.array(written, dtype=np.float64),
        np.array(shown or [[] for _ in passed], dtype=np.bool_).reshape(len(passed), -1),
    )


def scores(name: RuleName, given: Ballot) -> Floats:
    return RULES[name](given)


FITTED = ballot([[1, 1, 1, 0], [1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 0, 1]], [1, 5, 4, 1])
"""The first program passes the most tests, one of them alone; nine draws behave like the second."""


def test_max_tests_takes_the_program_that_fits_a_wrong_test() -> None:
    assert best(scores("max_tests", FITTED)).tolist() == [True, False, False, False]


def test_codet_weighs_a_cluster_by_the_root_of_its_draws() -> None:
    assert scores("codet", FITTED) == pytest.approx([3, 3 * 2, 3 * 2, 1])


def test_a_test_that_few_draws_pass_loses_its_say_in_mutual_agreement() -> None:
    mutual = scores("mutual", FITTED)
    codet = scores("codet", FITTED)
    assert mutual[0] / mutual[1] < codet[0] / codet[1]
    assert mutual[3] == pytest.approx(0, abs=1e-9)


def test_no_agreement_outvotes_the_examples_of_the_prompt() -> None:
    given = FITTED._replace(shown=np.array([[0], [0], [0], [1]], dtype=np.bool_))
    assert best(scores("agreement", given)).tolist() == [False, False, False, True]


def test_agreement_decides_among_equals_in_the_examples() -> None:
    given = FITTED._replace(shown=np.array([[1], [1], [1], [0]], dtype=np.bool_))
    assert best(scores("agreement", given)).tolist() == [False, True, True, False]


def test_without_a_test_every_rule_but_examples_is_undecided() -> None:
    bare = ballot([[], []], [3, 1], shown=[[1], [0]])
    for name in RULES:
        wanted = [True, name not in ("examples", "agreement")]
        assert best(scores(name, bare)).tolist() == wanted


@st.composite
def ballots(draw: st.DrawFn) -> Ballot:
    programs, tests = draw(st.integers(1, 6)), draw(st.integers(0, 5))
    bits = st.lists(st.integers(0, 1), min_size=tests, max_size=tests)
    return ballot(
        draw(st.lists(bits, min_size=programs, max_size=programs)),
        draw(st.lists(st.integers(1, 9).map(float), min_size=programs, max_size=programs)),
        draw(st.lists(st.integers(0, 4).map(float), min_size=tests, max_size=tests)),
    )


@given(ballots())
def test_a_test_that_all_pass_or_none_changes_no_choice_of_codet_or_max_tests(
    given: Ballot,
) -> None:
    programs = len(given.drawn)
    more = given._replace(
        passed=np.hstack([given.passed, np.zeros((programs, 1), dtype=np.bool_)]),
        written=np.append(given.written, 3.0),
    )
    for name in ("codet", "max_tests", "mutual", "agreement"):
        assert best(scores(name, more)).tolist() == best(scores(name, given)).tolist()


@given(ballots(), st.randoms())
def test_no_rule_depends_on_the_order_of_programs_or_tests(given: Ballot, random: object) -> None:
    order = np.arange(len(given.drawn))[::-1]
    turned = given._replace(
        passed=given.passed[order][:, ::-1],
        drawn=given.drawn[order],
        written=given.written[::-1],
        shown=given.shown[order],
    )
    for name in RULES:
        assert scores(name, turned) == pytest.approx(scores(name, given)[order], abs=1e-6)
