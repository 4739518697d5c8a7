import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.equivalence import VERSION, Equivalence


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("x^2+2x+1", "(x+1)^2"),
        ("\\frac{\\sqrt{3}}{3}", "\\frac{1}{\\sqrt{3}}"),
        ("x=5", "5"),
        ("-2, 1", "1, -2"),
        ("[0,1)", "0 \\le x < 1"),
        ("\\{1,2\\}", "2,1"),
    ],
)
async def test_algebra_finds_equal_answers_in_both_orders(
    equivalence: Equivalence, a: str, b: str
) -> None:
    assert await equivalence.compare(a, b) == await equivalence.compare(b, a) == "same"


@pytest.mark.parametrize(
    ("a", "b"),
    [("(3,1)", "\\{1,3\\}"), ("2x+z=1", "1"), ("x=1", "y=1"), ("\\sqrt{2}", "1.5"), ("x", "x^2")],
)
async def test_algebra_tells_answers_apart_in_both_orders(
    equivalence: Equivalence, a: str, b: str
) -> None:
    assert await equivalence.compare(a, b) == await equivalence.compare(b, a) == "different"


async def test_decimals_agree_to_the_places_asked_for(equivalence: Equivalence) -> None:
    assert await equivalence.compare("(0.6, 2.67)", "(3/5, 8/3)") == "different"
    assert await equivalence.compare("(0.6, 2.67)", "(3/5, 8/3)", rounding=2) == "same"


async def test_groups_hold_every_position_in_order_of_first_appearance(
    equivalence: Equivalence,
) -> None:
    answers = ["1/2", "x+1", "\\frac{1}{2}", "7", "1+x", "0.5", "9^9^9^9", "7.0"]
    assert await equivalence.groups(answers) == [[0, 2, 5], [1, 4], [3, 7], [6]]


@pytest.mark.parametrize(
    "answers",
    [
        ["10 cm", "10", "10 m"],
        ["10", "10 cm", "10 m"],
        ["10", "10 m", "10 cm"],
    ],
)
async def test_a_bare_number_does_not_make_two_units_one_answer(
    equivalence: Equivalence, answers: list[str]
) -> None:
    assert await equivalence.groups(answers) == [[0], [1], [2]]


@given(st.permutations(["10", "10 cm", "10.0", "1/3", "0.3333", "0.333333", "Tokyo", "Kyoto"]))
def test_the_order_of_answers_does_not_change_their_classes(answers: list[str]) -> None:
    groups = asyncio.run(Equivalence().groups(answers))
    classes = {frozenset(answers[place] for place in group) for group in groups}
    assert classes == {
        frozenset({"10", "10 cm", "10.0"}),
        frozenset({"1/3", "0.3333", "0.333333"}),
        frozenset({"Tokyo"}),
        frozenset({"Kyoto"}),
    }


async def test_an_undecided_answer_is_in_a_class_of_its_own(equivalence: Equivalence) -> None:
    assert await equivalence.groups(["9^9^9^9", "8^8^8^8", "9^9^9^9"]) == [[0, 2], [1]]


async def test_numbers_alone_start_no_process(equivalence: Equivalence) -> None:
    await equivalence.groups([str(n) for n in range(200)])
    assert equivalence.started == 0


async def test_comparisons_beyond_the_deadline_kill_the_worker_and_the_next_gets_another() -> None:
    async with Equivalence(seconds=0.8) as equivalence:
        assert await equivalence.compare("(x+y+z)^{900}", "x+1") == "undecided"
        assert equivalence.killed == 1
        assert await equivalence.compare("x+2", "2+x") == "same"


async def test_a_cancelled_comparison_leaves_no_process_behind() -> None:
    async with Equivalence() as equivalence:
        await equivalence.compare("x+1", "1+x")
        task = asyncio.create_task(equivalence.compare("(x+y+z)^{900}", "x"))
        await asyncio.sleep(0.2)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert await equivalence.compare("x+3", "3+x") == "same"


async def test_after_closing_nothing_is_decided_by_algebra() -> None:
    async with Equivalence() as equivalence:
        assert await equivalence.compare("x+1", "1+x") == "same"
    assert await equivalence.compare("x+5", "5+x") == "undecided"


async def test_an_answer_that_keeps_killing_workers_is_given_up_and_its_partners_are_not() -> None:
    async with Equivalence(seconds=0.7) as equivalence:
        partners = ["x+1", "x+2", "x+3", "x+4"]
        for partner in partners:
            assert await equivalence.compare(partner, f"{partner}+0") == "same"
        await equivalence.groups([*partners, "(x+y+z)^{900}"])
        assert equivalence.killed == 3
        assert await equivalence.compare("x+4", "4+x") == "same"


def test_the_version_names_the_library_that_decides() -> None:
    assert "math-verify" in VERSION


async def test_a_large_parent_does_not_make_verdicts_undecided() -> None:
    ballast = bytearray(300 * 2**20)
    ballast[::4096] = b"x" * len(ballast[::4096])
    async with Equivalence(seconds=30) as equivalence:
        assert await equivalence.compare("x", "x^2") == "different"
    assert ballast
