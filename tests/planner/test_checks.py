"""Faults are found before anything runs, and say where they are."""

from __future__ import annotations

import cProfile
from collections.abc import Callable
from typing import Any, Literal

import pytest

from tts.planner import PlanLimits, check_plan, read_plan
from tts.planner.checks import Checker, Typed, cycle, renderings
from tts.planner.language import Reference, Text, bound
from tts.tools import ToolSet, tool


@tool(effect="read")
async def look(name: str) -> dict[str, float]:
    """Free fields."""
    return {}


@tool(effect="pure")
async def point(x: float, y: float = 0) -> tuple[float, float]:
    """A pair."""
    return (x, y)


@tool(effect="read")
async def rows(n: int) -> list[dict[str, str]]:
    """A list."""
    return []


TOOLS = ToolSet([look, point, rows])


def faults(text: str) -> list[Any]:
    draft = read_plan(text)
    calls = [
        bound(c, tuple(TOOLS[c.tool].arguments)) if c.tool in TOOLS else c for c in draft.plan.calls
    ]
    plan = type(draft.plan)(calls=tuple(calls), answer=draft.plan.answer, joined=draft.plan.joined)
    return [*draft.faults, *check_plan(plan, TOOLS, lines=draft.lines)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('1. lok(name="x")\n', "unknown tool"),
        ("1. look()\n", "missing argument"),
        ('1. look(name="x", nam="y")\n', "extra argument"),
        ('1. point(x="high")\n', "ill-typed argument"),
        ('1. look(name="x")\n2. point(x=$3)\n', "unknown reference"),
        ("1. point(x=$2[0])\n2. point(x=1)\n", "forward reference"),
        ("1. point(x=$2[0])\n2. point(x=$1[0])\n", "cycle"),
        ("1. rows(n=1)\n2. look(name=$1[0].id)\n3. look(name=$1.id)\n", "unknown field"),
        ("1. rows(n=1)\n2. look(name=$1)\n", "ill-typed reference"),
        ('1. look(name="x")\n2. look(name="costs $1 now")\n', "ambiguous dollar"),
        ("1. point(x=1\n2. point(x=2)\n", "syntax"),
        ("1. point(x=1)\n1. point(x=2)\n", "duplicate id"),
    ],
)
def test_each_fault_is_told_by_its_kind_and_line(text: str, kind: str) -> None:
    found = faults(text)
    assert kind in [fault.kind for fault in found], found
    assert all(fault.line for fault in found)


def test_a_sound_plan_has_no_fault() -> None:
    assert faults("1. rows(2)\n2. each $1: look(name=$item.id)\n3. point(x=$2[0].height)\n") == []


def test_a_fault_names_the_nearest() -> None:
    [fault] = faults('1. lok(name="x")\n')
    assert (fault.nearest, fault.got, fault.line) == ("look", "lok", 1)


def test_llmcompilers_own_form_is_read() -> None:
    text = 'Thought: both\n1. look("Everest")\n2. point($1.height, 2)\n3. join()<END_OF_PLAN>\n'
    assert faults(text) == []


@tool(effect="read")
async def number(x: float) -> float:
    """A number."""
    return x


@tool(effect="read")
async def note(text: str, tags: list[str] | None = None, level: Literal["a", "b"] = "a") -> str:
    """Text alone."""
    return text


NOTES = ToolSet([number, note])


def noted(line: str) -> Any:
    return read_plan(f"1. number(x=1)\n2. {line}\nanswer = $2\n").plan


@pytest.mark.parametrize("written", ["$1", '"$1"', '"${1}"'])
def test_a_number_where_text_is_wanted_is_given_as_its_text(written: str) -> None:
    plan = noted(f"note(text={written}, tags=[{written}])")
    assert check_plan(plan, NOTES) == ()
    checker = Checker(NOTES)
    checker.learn(plan.calls[0])
    made = checker.fitted(plan.calls[1])
    assert made.arguments == {"text": Text((Reference(1),)), "tags": [Text((Reference(1),))]}
    shown = list(renderings(plan, NOTES))
    assert len(shown) == (0 if written == '"${1}"' else 2)
    assert all('"${1}" for' in line or '["${1}"] for' in line for line in shown)


def test_text_that_is_one_number_alone_is_that_number() -> None:
    plan = noted('number(x="${1}")')
    assert check_plan(plan, NOTES) == ()
    assert list(renderings(plan, NOTES)) == [
        'call 2, number: x takes $1 for "${1}", as its type asks'
    ]


@pytest.mark.parametrize("line", ['number(x="${1} m")', "note(text='a', level=$1)"])
def test_what_cannot_be_its_text_stays_a_fault(line: str) -> None:
    assert [fault.kind for fault in check_plan(noted(line), NOTES)]


LARGE = PlanLimits(calls=10**5, depth=10**5, fan_out=10**5)
SHAPES = {
    "wide": lambda n: "$1" if n > 1 else "1",
    "chain": lambda n: f"${n - 1}" if n > 1 else "1",
    "tree": lambda n: f"${n // 2}" if n > 1 else "1",
    "unknown": lambda n: "$99999",
    "cycle": lambda n: f"${n % 10_000 + 1}",
}


def ten_thousand(shape: str) -> Any:
    lines = (f"{n}. number(x={SHAPES[shape](n)})\n" for n in range(1, 10_001))
    return read_plan("".join(lines)).plan


def steps(work: Callable[[], Any]) -> int:
    """Function calls of a piece of work: the same on every machine."""
    profile = cProfile.Profile()
    profile.runcall(work)
    return sum(entry.callcount for entry in profile.getstats())


@pytest.mark.parametrize("shape", SHAPES)
def test_a_plan_of_ten_thousand_calls_is_too_large_before_anything_else(shape: str) -> None:
    plan = ten_thousand(shape)
    [fault] = check_plan(plan, NOTES)
    assert (fault.kind, fault.got) == ("too large", "10000")
    assert steps(lambda: check_plan(plan, NOTES)) < 100


@pytest.mark.parametrize("shape", SHAPES)
def test_checks_are_linear_in_the_calls(shape: str) -> None:
    plan = ten_thousand(shape)
    assert steps(lambda: check_plan(plan, NOTES, limits=LARGE)) < 200 * len(plan.calls)
    assert max(len(str(fault)) for fault in [*check_plan(plan, NOTES, limits=LARGE), ""]) < 1000


def test_a_cycle_is_what_waits_for_itself() -> None:
    plan = read_plan(
        "1. number(x=1)\n2. number(x=$3)\n3. number(x=$2)\n4. number(x=$3)\n5. number(x=$6)\n"
        "6. number(x=$5)\n7. number(x=$1)\n8. number(x=$9)\n"
    ).plan
    assert cycle(plan) == {2, 3, 5, 6}


def test_an_endless_plan_is_read_as_far_as_it_may_go(workshop: Any) -> None:
    text = "".join(f'{n}. look(name="{n}")\n' for n in range(1, 10_001)) + "answer = $1\n"
    result = workshop.solve(text, repairs=0, replans=0, max_tokens=10**6)
    assert "too large" in result.error
    assert len(workshop.plan_runs[0].plan.calls) < 400


def test_a_reference_that_only_means_itself_is_anything() -> None:
    schema = {"$ref": "#/$defs/A", "$defs": {"A": {"anyOf": [{"$ref": "#/$defs/A"}]}}}
    assert Typed.of(schema).types() == frozenset()
