from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.strategies.code.agreement import Ballot, best, together, trusted_agreement, values_shared
from tts.strategies.code.fuzzing import behaviours, inputs_of, neighbours, probing, told
from tts.values import Check, Exam
from tts.verifiers.sandbox import Sandbox, probe

EXAMPLES = ("assert (f([1, 2], 'ab')) == (3)", "assert f(g(1), 'x') == 2")


def test_inputs_are_neighbours_of_the_arguments_in_the_examples() -> None:
    found = inputs_of("", "f", EXAMPLES, most=4)
    assert found == ["f([2, 1], 'ab')", "f([1, 2], 'ba')", "f([], 'ab')", "f([1, 2], '')"]


def test_calls_in_prose_are_tried_as_they_are_unless_they_are_examples() -> None:
    head = 'def f(n):\n    """ f(3) ➞ 4, and f((1)) is 2; not f(m) """\n'
    assert inputs_of(head, "f", ["assert f(1) == 2"], most=3) == ["f(3)", "f(4)", "f(2)"]


def test_without_an_example_the_types_of_the_head_say_what_to_try() -> None:
    head = "def f(a: List[int], b: bool):\n    pass\n"
    assert inputs_of(head, "f", (), most=3) == [
        "f([], True)",
        "f([], False)",
        "f([0, 1, 2, 5, 10], True)",
    ]
    assert inputs_of("def f(a: Graph):\n    pass\n", "f", ()) == []


@given(
    st.recursive(
        st.booleans() | st.integers() | st.text(max_size=4),
        lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner),
        max_leaves=6,
    )
)
def test_a_neighbour_is_of_the_same_type(value: object) -> None:
    assert {type(one) for one in neighbours(value)} == {type(value)}


def test_an_input_counts_where_half_of_the_trusted_programs_give_a_value() -> None:
    given_by = [["1", "!ValueError"], ["1", "7"], ["2", "!ValueError"], ["9", "8"]]
    trusted = [True, True, True, False]
    assert behaviours(given_by, trusted).tolist() == [[0], [0], [1], [2]]


def test_what_is_no_value_has_a_number_below_zero() -> None:
    given_by = [["1", "!ValueError"], ["1", "!TypeError"], ["!ValueError", "2"], ["1", "2"]]
    [[one, first], [other, second], [failed, two], _] = behaviours(given_by, [True] * 4).tolist()
    assert one == other >= 0 and two >= 0
    assert failed == first < 0 and second < 0 and first != second


def test_clusters_of_equal_tests_are_split_by_what_was_seen() -> None:
    ballot = Ballot(
        np.ones((3, 2), dtype=bool), np.ones(3), np.ones(2), np.ones((3, 0), dtype=bool)
    )
    assert together(ballot).tolist() == [0, 0, 0]
    assert together(ballot._replace(seen=np.array([[0], [1], [0]]))).tolist() == [0, 1, 0]


def test_of_programs_that_agreement_holds_for_equal_the_one_with_the_most_shared_values_is_taken() -> (
    None
):
    passed = np.array([[True], [True], [True], [False]])
    ballot = Ballot(passed, np.ones(4), np.ones(1), np.ones((4, 0), dtype=bool))
    assert best(trusted_agreement(ballot)).tolist() == [True, True, True, False]
    seen = ballot._replace(seen=np.array([[0, 3], [1, 3], [1, 4], [0, 4]]))
    assert best(trusted_agreement(seen)).tolist() == [False, True, False, False]


def test_values_are_shared_with_voters_alone_and_errors_with_nobody() -> None:
    ballot = Ballot(
        np.ones((3, 0), dtype=bool),
        np.array([1.0, 3.0, 4.0]),
        np.ones(0),
        np.ones((3, 0), dtype=bool),
        np.array([[0, -1], [0, -1], [0, 2]]),
    )
    shared = values_shared(ballot, np.array([True, True, False]))
    assert shared.tolist() == [0.5, 0.5, 0.5]
    assert values_shared(ballot, np.ones(3, dtype=bool)).tolist() == [0.5, 0.5, 0.75]


def test_without_an_input_that_counts_nothing_is_decided_by_values() -> None:
    passed = np.array([[True], [True], [False]])
    ballot = Ballot(passed, np.ones(3), np.ones(1), np.ones((3, 0), dtype=bool))
    bare = ballot._replace(seen=behaviours([["!E"], ["!E"], ["1"]], [True, True, False]))
    assert best(trusted_agreement(bare)).tolist() == [True, True, False]


def test_what_a_program_gives_is_told_in_one_form() -> None:
    if not probe("landlock").holds:
        pytest.skip(probe("landlock").reason)
    source = (
        "def f(n):\n    if n == 0:\n        return {3, 1, 2}\n    if n == 1:\n        return 0.1 + 0.2\n"
        "    if n == 2:\n        return 'a' * 500\n    return [1, (n, {'b': None, 'a': 1 / (n - 3)})]\n"
    )
    box = Sandbox(workers=1)
    try:
        exam = probing(Exam(entry="f", checks=()), [f"f({n})" for n in range(5)])
        found = [told(check) for check in box.examine_now(source, exam).checks]
    finally:
        box.close_now()
    assert found[:2] == ["{1,2,3}", "0.3"]
    assert found[2].startswith("'aaa") and len(found[2]) < 220
    assert found[3:] == ["!ZeroDivisionError", "list[1,tuple[4,{'a':1,'b':None}]]"]
    assert told(Check("timeout")) == "!timeout"
