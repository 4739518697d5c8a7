"""`tts allocate` as a user types it."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from tts.cli.allocate import amount_of
from tts.cli.app import app
from tts.errors import BadInput, UsageError
from tts.eval.allocate.curve_file import read_curves

CURVES = """{"problem_id": "easy", "costs": [0, 1, 2, 3, 4], "values": [0, 0.3, 0.35, 0.37, 0.38]}

{"problem_id": "surge", "costs": [1, 2, 3, 4], "values": [0, 0, 0, 0.9]}
{"problem_id": "hopeless", "costs": [0, 4], "values": [0, 0.01]}
"""


def invoke(*flags: str | Path) -> str:
    found = CliRunner().invoke(app, ["allocate", *map(str, flags)])
    assert found.exit_code == 0, found.output
    return found.stdout


@pytest.fixture
def curves(tmp_path: Path) -> Path:
    path = tmp_path / "curves.jsonl"
    path.write_text(CURVES)
    return path


def test_curves_are_bought_by_their_price_and_the_plan_is_written(curves: Path) -> None:
    plan = curves.with_name("plan.jsonl")
    said = invoke(curves, "--budget", "5", "--write", plan)
    assert "3 problems, 5 for all" in said and "problems given up: 1" in said
    rows = [json.loads(line) for line in plan.read_text().splitlines()]
    assert [(row["problem_id"], row["option"], row["cost"]) for row in rows] == [
        ("easy", 1, 1.0),
        ("surge", 4, 4.0),
        ("hopeless", 0, 0.0),
    ]


def test_the_rules_stand_beside_each_other_as_json(curves: Path) -> None:
    told = json.loads(invoke(curves, "--budget", "5", "--json"))
    assert told["price"]["expected"] == pytest.approx(1.2)
    assert told["gain"]["expected"] == pytest.approx(0.38)
    assert told["even"]["expected"] == 0 and told["bound"] >= told["price"]["expected"]


def test_counts_of_successes_say_what_seeing_them_is_worth(tmp_path: Path) -> None:
    path = tmp_path / "counts.jsonl"
    rows = [{"problem_id": str(at), "successes": at, "draws": 20, "cost": 2} for at in range(21)]
    path.write_bytes(b"\n".join(map(msgspec.json.encode, rows)))
    told = json.loads(invoke(path, "--budget", "168", "--json"))
    assert told["counts"]["average"] == 4
    assert told["counts"]["uniform"]["value"] == pytest.approx(told["even"]["expected"])
    assert told["counts"]["difference"]["low"] > 0


def test_recorded_draws_are_probed(tmp_path: Path) -> None:
    path = tmp_path / "pool.jsonl"
    rows = [
        {"problem_id": f"p{at}", "sample_index": k, "answer": answer, "correct": answer == "4"}
        for at in range(20)
        for k in range(6)
        for answer in ["4" if at % 2 or (at + k) % 3 else str(k)]
    ]
    path.write_bytes(b"\n".join(map(msgspec.json.encode, rows)))
    said = invoke(path, "--budget", "60 calls")
    assert "20 problems, 3 calls each on the average" in said
    assert "by what a probe shows" in said and "the same for all" in said


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            '{"problem_id": "a", "costs": [0, 1], "values": [0]}',
            ":1: 2 costs stand beside 1 values",
        ),
        (
            '{"problem_id": "a", "costs": [1, 0], "values": [0, 1]}',
            "from the lowest to the highest",
        ),
        ('{"problem_id": "a", "successes": 5, "draws": 4}', "5 of 4 draws"),
        ('{"problem_id": "a", "successes": 1, "draws": 4, "cost": 0}', "more than 0"),
        ('{"problem_id": "a", "values": [0]}', "`costs` and `values`, or"),
        ('{"problem_id": "a", "costs": [0], "values": [1e999]}', "."),
        ("[1]", "Expected `object`"),
        ("", "holds no curves"),
    ],
)
def test_a_line_that_is_no_curve_is_told_with_its_place(
    tmp_path: Path, line: str, told: str
) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(line)
    with pytest.raises(BadInput, match=told):
        read_curves(path)


@pytest.mark.parametrize(
    "second", ['"costs": [0, 1], "values": [0, 1]', '"successes": 1, "draws": 4']
)
def test_a_problem_with_two_lines_is_refused_since_a_plan_could_not_say_which_is_meant(
    tmp_path: Path, second: str
) -> None:
    path = tmp_path / "twice.jsonl"
    first = '{"problem_id": "a", "successes": 1, "draws": 4}'
    path.write_text(first + '\n{"problem_id": "a", ' + second + "}")
    with pytest.raises(BadInput, match=r":2: the problem 'a' has a line above already\.$"):
        read_curves(path)


def test_a_budget_is_one_amount() -> None:
    assert amount_of("$0.5") == (0.5, "dollars") and amount_of("4k tokens") == (4000, "tokens")
    assert amount_of("30 seconds") == (30, "seconds")
    with pytest.raises(UsageError, match="one amount"):
        amount_of("4k tokens, $3")
