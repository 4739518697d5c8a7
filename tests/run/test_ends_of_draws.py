"""Which ends make a draw a whole one: stop strings by whose they are, and every other reason."""

from __future__ import annotations

from typing import Any

import pytest

from tts.answers import TASKS
from tts.backends.scripted import ScriptedGenerator
from tts.run import Generation
from tts.run.generation import Until
from tts.values import Candidate, Completion, FunctionCall, Problem, Sampling, ToolCall

HEAD = "def f(n):\n    '''Twice a number.'''\n"
PROBLEM = Problem(id="p", prompt=HEAD, metadata={"entry_point": "f", "code": HEAD})
PROGRAM = "def f(n):\n    return 2 * n"


def candidate(
    drawn: Completion, *, task: str = "math", until: Until = "end", asker: str = ""
) -> Candidate:
    """Of a draw; `asker`: the stop string of whoever asks."""
    ends = (asker,) if asker else ()
    operation = Generation(ScriptedGenerator(""), task=TASKS[task], problem=PROBLEM, ends=ends)
    return operation.value((PROBLEM, Sampling(), until), drawn, "k")


def stopped(text: str, stop: str) -> Completion:
    return Completion(text=text, finish_reason="stop", stop=stop)


@pytest.mark.parametrize("until", ["end", "step"])
@pytest.mark.parametrize(
    ("task", "text", "stop", "answer"),
    [
        ("code", f"{PROGRAM}\n```", "```", PROGRAM),
        ("math", "First add.\n```", "```", None),
        ("math", "First add.\n\n", "\n\n", None),
        ("math", "It is \\boxed{4}\n```", "```", "4"),
        ("math", "It is \\boxed{4}", "}", "4"),
        ("chat", "<answer>4</answer>", "</answer>", "4"),
        ("chat", "Paris END", " END", "Paris"),
        ("qa", "Paris\nQuestion:", "\nQuestion:", "Paris"),
        ("gsm8k", "So it is\n#### 4 STOP 5", " STOP 5", "4"),
    ],
)
def test_what_the_askers_stop_string_ended_is_whole_and_its_answer_goes_without_it(
    task: str, text: str, stop: str, answer: str | None, until: Any
) -> None:
    drawn = candidate(stopped(text, stop), task=task, until=until, asker=stop)
    assert (drawn.text, drawn.final) == (text, True)
    assert (drawn.answer or "").strip() == (answer or "")
    assert (drawn.answer is None) == (answer is None)


@pytest.mark.parametrize(("text", "whole"), [("First add.", False), ("It is \\boxed{4}", True)])
def test_what_a_strategys_own_stop_string_ended_is_whole_where_it_states_its_answer(
    text: str, whole: bool
) -> None:
    assert candidate(stopped(f"{text} STOP", " STOP"), asker="END").final == whole


@pytest.mark.parametrize(
    "reason", ["length", "content_filter", "refusal", "reasoning_only", "tool_calls"]
)
def test_what_ended_without_an_answer_is_not_whole(reason: Any) -> None:
    drawn = candidate(Completion(text="It is \\boxed{4}", finish_reason=reason))
    assert (drawn.final, drawn.answer) == (False, None)


@pytest.mark.parametrize("reason", ["tool_calls", "stop", "unknown"])
def test_what_ended_in_a_call_is_whole_and_the_call_is_its_answer(reason: Any) -> None:
    calls = (ToolCall("1", FunctionCall("add", '{"a": 1}')),)
    drawn = candidate(Completion(text="", finish_reason=reason, tool_calls=calls))
    assert (drawn.final, drawn.answer) == (True, '[{"arguments":{"a":1},"name":"add"}]')
