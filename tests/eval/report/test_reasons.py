"""Why answers are missing is counted by reason, wherever a report is shown."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO

import pytest
from msgspec.structs import replace
from rich.console import Console

from tts.eval.attempts import Attempt, no_answer
from tts.eval.report import assemble, render_page, render_table, to_csv, to_json
from tts.values import NOTHING, Candidate, FinishReason, Kept, Problem, Result

Make = Callable[..., Attempt]


def told(attempts: list[Attempt], problems: list[Problem]) -> list[str]:
    report = assemble(attempts, problems, title="t", seed=0)
    console = Console(width=300, file=StringIO())
    console.print(render_table(report))
    shown = console.file
    assert isinstance(shown, StringIO)
    return [shown.getvalue(), render_page(report), to_json(report), to_csv(report)]


def test_every_kind_of_missing_answer_is_in_table_page_json_and_csv(
    problems: list[Problem], attempt: Make
) -> None:
    made = [
        replace(attempt(problem=0, correct=None), error="503: the model is loading"),
        replace(attempt(problem=1, correct=False, answer=None), no_answer="refused by the model"),
        replace(attempt(problem=2), missing={"400: no logprobs": 3}),
    ]
    for text in told(made, problems):
        for reason in ("503: the model is loading", "refused by the model", "400: no logprobs"):
            assert reason in text


def test_reasons_are_counted(problems: list[Problem], attempt: Make) -> None:
    made = [replace(attempt(problem=n, correct=None), error="503: busy") for n in range(4)]
    (row,) = assemble(made, problems, title="t", seed=0).rows
    assert row.reasons == {"503: busy": 4}


def test_nothing_is_said_where_nothing_is_missing(problems: list[Problem], attempt: Make) -> None:
    assert "Why answers are missing" not in told([attempt()], problems)[1]


@pytest.mark.parametrize(
    ("end", "words"),
    [
        ("length", "cut at the most tokens"),
        ("content_filter", "content filter"),
        ("refusal", "refused"),
        ("reasoning_only", "thoughts"),
        ("tool_calls", "tools"),
        ("stop", "could be read"),
        ("unknown", "could be read"),
    ],
)
def test_the_end_of_the_draws_says_why_there_is_no_answer(end: FinishReason, words: str) -> None:
    drawn = Candidate(
        problem=Problem(id="p", prompt="?"), text="", key="k", final=True, finish_reason=end
    )
    result = Result(
        problem_id="p",
        answer=None,
        candidate=None,
        candidates=(Kept(drawn),),
        usage=NOTHING,
        billed=NOTHING,
        stopped_by="done",
    )
    assert words in no_answer(result)
    assert no_answer(replace(result, answer="5")) == ""
