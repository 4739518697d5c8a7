"""The order among waiters."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tts.executor.fair_queue import FairQueue


def queue_of(rows: list[tuple[str, int, str]]) -> FairQueue[str]:
    queue: FairQueue[str] = FairQueue()
    for problem, priority, item in rows:
        queue.push(item, problem=problem, priority=(priority,))
    return queue


def drain(queue: FairQueue[str]) -> list[str]:
    return [queue.pop() for _ in range(len(queue))]


def test_problems_take_turns() -> None:
    rows = [("p", i, f"p{i}") for i in range(3)] + [("q", i, f"q{i}") for i in range(3)]
    assert drain(queue_of(rows)) == ["p0", "q0", "p1", "q1", "p2", "q2"]


def test_inside_a_problem_the_smallest_priority_is_next_and_equals_by_age() -> None:
    rows = [("p", 2, "late"), ("p", 1, "first"), ("p", 1, "second"), ("p", 0, "urgent")]
    assert drain(queue_of(rows)) == ["urgent", "first", "second", "late"]


def test_a_newcomer_goes_before_the_next_turn_of_those_just_served() -> None:
    queue = queue_of([("old", i, f"o{i}") for i in range(8)])
    served = [queue.pop() for _ in range(4)]
    queue.push("n0", problem="new", priority=(9,))
    assert [*served, queue.pop(), queue.pop()] == ["o0", "o1", "o2", "o3", "n0", "o4"]


def test_a_newcomer_may_not_catch_up_on_what_others_used_before() -> None:
    queue = queue_of([("old", i, f"o{i}") for i in range(8)])
    for _ in range(4):
        queue.pop()
    for i in range(4):
        queue.push(f"n{i}", problem="new", priority=(i,))
    assert drain(queue) == ["n0", "o4", "n1", "o5", "n2", "o6", "n3", "o7"]


def test_a_withdrawn_item_is_never_next() -> None:
    queue = queue_of([("p", i, f"p{i}") for i in range(200)])
    for i in range(199):
        queue.remove(f"p{i}")
    queue.remove("p0")
    assert len(queue) == 1
    assert drain(queue) == ["p199"]


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 3)), max_size=40))
def test_everything_queued_comes_out_once(rows: list[tuple[str, int]]) -> None:
    queue = queue_of([(problem, key, str(i)) for i, (problem, key) in enumerate(rows)])
    assert sorted(drain(queue), key=int) == [str(i) for i in range(len(rows))]


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=40), st.integers(0, 40))
def test_while_two_problems_wait_their_turns_differ_by_one_at_most(
    problems: list[str], taken: int
) -> None:
    queue = queue_of([(problem, i, f"{problem}{i}") for i, problem in enumerate(problems)])
    served = [queue.pop()[0] for _ in range(min(taken, len(problems)))]
    waiting = {p for p in "abc" if problems.count(p) > served.count(p)}
    turns = [served.count(p) for p in waiting]
    assert not turns or max(turns) - min(turns) <= 1
