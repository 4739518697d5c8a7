"""What the joiner says is text; what has to be known travels as data."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.planner.execution.decision import Decision, read_decision

REASONS = [
    "Call height again with another name",
    "Call 7 failed",
    "Call 1, look, failed: no",
    "Call",
    "",
    "call 1",
    "(one) of (two)",
    'the "name" is wrong',
    "it's 3) not 4)",
    "first\nsecond (third)\nfourth",
    "$1 is {height: 3}",
    "Replan(again)",
    "Finish(it)",
    "7",
]


@pytest.mark.parametrize("reason", REASONS)
@pytest.mark.parametrize("form", ["Replan({})", "Action: Replan({})", '{{"decision": "replan"}}'])
def test_a_reason_is_text_whatever_it_says(workshop: Any, form: str, reason: str) -> None:
    said = form.format(reason)
    result = workshop.solve('1. look(name="abc")\njoin()\n', said, "answer = $1\n")
    assert result.answer == '{"height":3.0}', result.error
    assert workshop.asked("look") == ["abc"]


@pytest.mark.parametrize("error", ["Call 9", "Call 9, look, failed", "", "Call x", "no ) name"])
def test_an_error_of_a_tool_is_text_whatever_it_says(workshop: Any, error: str) -> None:
    from tts.tools import tool

    @tool(effect="read")
    async def picky(name: str) -> str:
        raise ValueError(error)

    plan = '1. look(name="abc")\n2. picky(name="x")\nanswer = $2\n'
    result = workshop.solve(plan, "answer = $1\ndrop 2\n", more=[picky])
    assert result.answer == '{"height":3.0}', result.error


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Finish(Paris)", ("answer", "Paris")),
        ("Thought: done (really)\nAction: Finish(8,849 m (29,032 ft))", ("answer", "8,849 m (29,032 ft)")),
        ("Finish(1) the first; 2) the second)", ("answer", "1) the first; 2) the second")),
        ("Finish(It is fine :) )", ("answer", "It is fine :)")),
        ("Finish(see (a)", ("answer", "see (a")),
        ('Finish("a (b")', ("answer", "a (b")),
        ('Finish("a" and "b")', ("answer", '"a" and "b"')),
        ("Finish(two\nlines)\n", ("answer", "two\nlines")),
        ("Finish(x)<END_OF_RESPONSE>", ("answer", "x")),
        ("Finish(x)\nThought: (that is it)", ("answer", "x")),
        ("**Action:** Replan(more)", ("replan", "more")),
        ("- Replan(more)", ("replan", "more")),
        ("Replan()", ("replan", "The results do not answer the task.")),
        ('{"decision": "Replan", "reason": "Call 2"}', ("replan", "Call 2")),
        ('{} {"decision": "answer", "answer": 3}', ("answer", 3)),
        ("Replan the trip (2 days)", ("answer", "Replan the trip (2 days)")),
        ("{" * 20_000, ("answer", "{" * 20_000)),
        ('{"a":' * 20_000, ("answer", '{"a":' * 20_000)),
    ],
)  # fmt: skip
def test_a_decision_is_read(text: str, expected: tuple[Any, Any]) -> None:
    assert read_decision(text) == Decision(*expected)


@given(st.text())
def test_any_text_is_a_decision(text: str) -> None:
    for form in ("{}", "Finish({})", "Replan({})", '{{"decision": {}'):
        assert read_decision(form.format(text)).decision in ("answer", "replan")


def test_prose_is_sent_back_once_and_is_no_answer(workshop: Any) -> None:
    mended = workshop.solve("The height is 3.", '1. look(name="abc")\nanswer = $1\n', replans=0)
    assert mended.answer == '{"height":3.0}'
    refused = workshop.solve("The height is 3.", "I said it is 3.", "It is 3.", replans=0)
    assert refused.answer is None
    assert "no plan" in refused.error


def test_a_call_that_could_not_be_read_is_not_forgotten_by_a_patch(workshop: Any) -> None:
    plan = '1. look(name="abc")\n2. send(text="x"\nanswer = $1\n'
    result = workshop.solve(plan, "answer = $1\n", replans=0)
    assert result.answer is None
    assert "call 2" in result.error
    mended = workshop.solve(plan, "drop 2\n", replans=0)
    assert mended.answer == '{"height":3.0}'
