"""`tts estimate` runs a strategy dry once per group of like problems, whatever the budgets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tts.cli.app import app
from tts.cli.estimate import Row, at_most, by_length, table
from tts.cli.guard import guarded
from tts.engine import parse_strategy
from tts.engine.estimate import estimate
from tts.values import Budget, Problem

RUN = CliRunner()


def problems(*words: int) -> list[Problem]:
    return [
        Problem(id=str(i), prompt="so " * count, task="arithmetic") for i, count in enumerate(words)
    ]


def test_few_problems_are_each_their_own_group(lab: Any) -> None:
    groups = by_length(problems(9, 2, 5), lab.words(lambda *_: ""))
    assert [[one.id for one in group] for group in groups] == [["1"], ["2"], ["0"]]


def test_many_problems_are_grouped_by_length_and_none_is_lost(lab: Any) -> None:
    asked = problems(*(7 * i % 101 for i in range(100)))
    groups = by_length(asked, lab.words(lambda *_: ""), 8)
    assert [len(group) for group in groups] == [12, 13, 12, 13, 12, 13, 12, 13]
    lengths = [len(one.prompt) for group in groups for one in group]
    assert lengths == sorted(lengths)


def test_a_group_costs_no_less_than_its_problems_one_by_one(lab: Any) -> None:
    model = lab.words(lambda *_: "\\boxed{1}")
    session, strategy = lab.session(model), parse_strategy("majority_vote(n=4)")
    asked = problems(3, 8, 5, 12, 4)
    groups = by_length(asked, model, 2)
    each = [lab.run(estimate(one, strategy, session)) for one in asked]
    row = Row(
        "majority_vote",
        "none",
        tuple(lab.run(estimate(group[-1], strategy, session)) for group in groups),
        tuple(map(len, groups)),
    )
    total = row.total(at_most)
    assert total is not None and total >= sum(map(at_most, each))
    assert row.total(lambda one: one.worst.nanodollars) is None


def test_no_line_tells_more_tokens_than_its_budgets_hold(lab: Any) -> None:
    session = lab.session(lab.words(lambda *_: "\\boxed{1}"))
    found = lab.run(
        estimate(lab.problem, parse_strategy("majority_vote(n=40)"), session, Budget(tokens=300))
    )
    view = table([Row("majority_vote", "300 tokens", (found,), (7,))], repeats=2)
    assert view.rows[0][5] == "4,200"


def test_no_problem_makes_no_group(lab: Any) -> None:
    assert by_length([], lab.words(lambda *_: "")) == []


def test_bad_rows_are_left_out_as_they_are_of_the_comparison(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text('{"id": "1", "problem": "2+2?", "answer": "4"}\nnot json\n')
    asked = ["estimate", "--problems", str(file), "--strategies", "single"]
    result = CliRunner().invoke(app, [*asked, "--skip-bad"])
    assert result.exit_code == 0, result.output
    assert "In all 1 runs" in result.output


@pytest.mark.parametrize("pilot", [8, 999])
def test_a_pilot_of_everything_is_refused_before_anything_is_sent(
    pilot: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    asked = ["--problems", "arithmetic:8", "--strategies", "single", "--model", "simulated:1"]
    assert guarded(["estimate", *asked, "--pilot", str(pilot)]) == 2
    assert f"A pilot of {pilot} problems is all of the 8 that there are" in capsys.readouterr().err
    assert not (tmp_path / "tts.db").exists()


def test_where_nothing_varied_in_a_pilot_no_bounds_are_claimed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    asked = ["--problems", "arithmetic:9", "--strategies", "single", "--model", "simulated:1"]
    found = RUN.invoke(app, ["estimate", *asked, "--verifier", "none", "--pilot", "5"])
    assert found.exit_code == 0, found.output
    [row] = [line for line in found.output.splitlines() if "single" in line]
    assert " 9 " in row and "9 [9 to 9]" not in row
    assert "every problem of the pilot took the same" in found.output
