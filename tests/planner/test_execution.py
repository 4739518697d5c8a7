"""Plans run as parallel as they are, and always end."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tts.errors import Unavailable
from tts.eval.bench.planner_schedule import against_longest_first
from tts.eval.bench.timed_graphs import TimedGraph, generated
from tts.planner.report import plan_report
from tts.protocols import GenerateReply
from tts.values import Completion, Usage

TWO = '1. look(name="Everest")\n2. look(name="K2")\n3. add(a=$1.height, b=$2.height)\nanswer = $3\n'


def test_independent_calls_run_together(workshop: Any) -> None:
    result = workshop.solve(TWO)
    assert result.answer == "9.0"
    report = plan_report(workshop.plan_runs[0].plan, workshop.plan_runs[0].timeline)
    assert report.makespan == pytest.approx(1.0, abs=0.01)


def test_a_value_keeps_its_type_and_is_never_read_again(workshop: Any) -> None:
    result = workshop.solve(
        '1. rows(n=2)\n2. each $1: send(text="${item.id} costs $$1")\nanswer = $2\n'
    )
    assert workshop.asked("send") == ["r0 costs $1", "r1 costs $1"]
    assert result.answer == '["sent r0 costs $1","sent r1 costs $1"]'


@pytest.mark.parametrize("form", ["$1", '"${1}"'])
def test_a_number_reaches_a_text_parameter_as_its_text(workshop: Any, form: str) -> None:
    result = workshop.solve(f"1. add(a=1, b=2)\n2. look(name={form})\nanswer = $2\n", repairs=0)
    assert result.answer == '{"height":3.0}'
    assert workshop.asked("look") == ["3.0"]


def test_a_condition_decides_whether_a_call_is_made(workshop: Any) -> None:
    workshop.solve(
        '1. look(name="abc")\n2. if $1.height > 5: send(text="high")\n'
        '3. unless $1.height > 5: send(text="low")\nanswer = $3\n'
    )
    assert workshop.asked("send") == ["low"]


@pytest.mark.parametrize("tool", ["hang", "fail", "deaf", "garbage"])
def test_a_tool_that_misbehaves_ends_the_run_with_its_name(workshop: Any, tool: str) -> None:
    result = workshop.solve(f"1. {tool}()\nanswer = $1\n", replans=0)
    assert result.stopped_by == "failed"
    assert tool in result.error


def test_a_skipped_failure_leaves_the_other_branches(workshop: Any) -> None:
    result = workshop.solve(
        '1. fail() on failure skip\n2. look(name="abc")\n3. send(text="x") after $1\nanswer = $2\n'
    )
    assert result.answer == '{"height":3.0}'
    assert workshop.asked("send") == []


def test_a_substitute_stands_in_for_a_failed_call(workshop: Any) -> None:
    result = workshop.solve("1. fail() on failure use 4\n2. add(a=$1, b=1)\nanswer = $2\n")
    assert result.answer == "5.0"


def test_a_failure_is_patched_and_valid_results_are_kept(workshop: Any) -> None:
    plan = '1. look(name="abc")\n2. fail(name="x")\n3. add(a=$1.height, b=2)\nanswer = $2\n'
    result = workshop.solve(plan, '2. look(name="abcd")\n')
    assert result.answer == '{"height":4.0}'
    assert workshop.asked("look") == ["abc", "abcd"]
    assert len(workshop.asked("add")) == 1


def test_an_irreversible_call_is_not_repeated_by_a_patch(workshop: Any) -> None:
    plan = '1. send(text="hello")\n2. fail()\nanswer = $1\n'
    result = workshop.solve(plan, "drop 2\n")
    assert result.answer == "sent hello"
    assert workshop.asked("send") == ["hello"]


def test_an_effect_waits_for_the_whole_plan(workshop: Any) -> None:
    result = workshop.solve(
        '1. send(text="hello")\n2. nothing()\nanswer = $1\n', repairs=0, replans=0
    )
    assert result.stopped_by == "failed"
    assert "unknown tool" in result.error
    assert workshop.asked("send") == []


def test_faults_go_back_once_and_a_patch_mends_them(workshop: Any) -> None:
    result = workshop.solve('1. lok(name="abc")\nanswer = $1\n', '1. look(name="abc")\n')
    assert result.answer == '{"height":3.0}'


def test_a_refused_approval_stops_the_call(workshop: Any) -> None:
    async def no(call: Any, arguments: Any) -> bool:
        workshop.noted("asked", arguments)
        return False

    result = workshop.solve('1. send(text="hello")\nanswer = $1\n', approve=no, replans=0)
    assert "not approved" in result.error
    assert workshop.asked("asked") == [{"text": "hello"}]
    assert workshop.asked("send") == []


def test_the_joiner_may_ask_for_more(workshop: Any) -> None:
    result = workshop.solve(
        '1. look(name="abc")\njoin()\n',
        '{"decision": "replan", "reason": "the other one"}',
        '2. look(name="abcd")\n',
        "Action: Finish(abcd (the longer (name)))",
    )
    assert result.answer == "abcd (the longer (name))"
    assert workshop.asked("look") == ["abc", "abcd"]


class Breaking:
    """A planner whose stream breaks after a part of the plan, once."""

    def __init__(self, inner: Any, part: str, rest: list[str]) -> None:
        self.inner, self.part, self.rest, self.requests = inner, part, rest, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def generate(self, request: Any, meter: Any, listener: Any = None) -> GenerateReply:
        self.requests += 1
        if self.requests == 1:
            listener(0, self.part)
            await asyncio.sleep(0.5)
            raise Unavailable("connection reset")
        text = self.rest.pop(0)
        return GenerateReply(
            completions=(Completion(text=text, finish_reason="stop"),), usage=Usage(calls=1)
        )


def test_a_broken_stream_keeps_its_prefix_and_goes_to_replanning(workshop: Any, lab: Any) -> None:
    broken = '1. look(name="abc")\n2. send(text="x")\n3. loo'
    planner = Breaking(lab.words([]), broken, ['3. look(name="abcd")\nanswer = $3\n'])
    result = workshop.solve(generator=planner)
    assert result.answer == '{"height":4.0}'
    assert planner.requests == 2
    assert workshop.asked("look") == ["abc", "abcd"]
    assert workshop.asked("send") == ["x"]


def test_nothing_with_an_effect_happens_when_the_planner_dies(workshop: Any, lab: Any) -> None:
    planner = Breaking(lab.words([]), '1. send(text="x")\n2. lo', [])
    result = workshop.solve(generator=planner, replans=0)
    assert result.stopped_by == "failed"
    assert workshop.asked("send") == []


def test_a_resumed_run_repeats_no_call(workshop: Any, lab: Any) -> None:
    from tts.ledger import MemoryJournal

    plan = '1. look(name="abc")\n2. send(text="${1.height}")\nanswer = $2\n'
    journal = MemoryJournal(job="lab")
    first = workshop.solve(plan, journal=journal)
    again = workshop.solve(plan, journal=lab.again(journal))
    assert first.answer == again.answer == "sent 3.0"
    assert workshop.asked("send") == ["3.0"]
    assert workshop.asked("look") == ["abc"]


@pytest.mark.parametrize("seed", range(4))
def test_a_free_slot_goes_to_the_longest_remaining_path(seed: int) -> None:
    graphs = [
        TimedGraph("late", (1.0, 1.0, 2.0), ((), (), ())),
        TimedGraph("freed", (1.0, 3.0, 2.0, 2.0, 5.0), ((), (), (), (), (0,))),
        generated()[seed],
    ]
    assert against_longest_first("small", graphs, (2, 4)).value == 0
