import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.voting import Aggregate, aggregate

STEPS = st.lists(st.floats(0, 1), min_size=1, max_size=20)


@pytest.mark.parametrize(("how", "value"), [("last", 0.8), ("min", 0.5), ("prod", 0.4)])
def test_each_way_gives_its_number(how: Aggregate, value: float) -> None:
    assert aggregate([1.0, 0.5, 0.8], how) == pytest.approx(value)


@given(STEPS)
def test_every_aggregate_stays_between_zero_and_one(steps: list[float]) -> None:
    ways: tuple[Aggregate, ...] = ("last", "min", "prod", "mean")
    assert all(0 <= aggregate(steps, how) <= 1 for how in ways)


@given(STEPS)
def test_the_product_is_at_most_the_minimum(steps: list[float]) -> None:
    assert aggregate(steps, "prod") <= aggregate(steps, "min") <= aggregate(steps, "last")


def test_a_solution_without_steps_has_no_aggregate() -> None:
    with pytest.raises(ValueError, match="without step scores"):
        aggregate([], "min")
