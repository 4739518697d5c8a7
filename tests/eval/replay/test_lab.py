"""Files in, curves and a frontier out; what is wrong with a file is one sentence."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from tests.eval.replay.conftest import Write, pools_of, random_rows
from tts.cli.replay import asked_of, curve_table, show_replay, write_page
from tts.errors import BadInput, UnknownName, UsageError
from tts.eval.replay.controller import controller
from tts.eval.replay.lab import FrontierPoint, LabReport, frontier, lab
from tts.eval.replay.page import page_report
from tts.eval.replay.replayed import replayed
from tts.eval.statistics import Estimate


def asked(*files: Path | str, **changes: Any) -> LabReport:
    plain: dict[str, Any] = {
        **{name: [] for name in ("tasks", "strategies", "controllers", "budgets")},
        "ks": "",
        "orders": 4,
        "seed": 0,
        "prices": None,
    }
    return asyncio.run(lab(asked_of(list(map(str, files)), **{**plain, **changes})))


def test_models_of_several_files_stand_in_one_comparison(write: Write) -> None:
    first = write([*random_rows(1, model="a"), *random_rows(2, model="b")], "first.jsonl")
    second = write(random_rows(3, model="c"), "second.jsonl")
    report = asked(first, f"{second}#c", strategies=["majority_vote(n=4)"])
    assert [one.name for one in report.settings] == ["a", "b", "c"]
    assert [one.rules[0].n for one in report.settings] == [12, 12, 12]
    assert report.cost == "tokens" and report.frontier[0].label == "1 draw"


def test_a_model_that_two_files_hold_is_named_with_its_file(write: Write) -> None:
    first, second = (write(random_rows(at), f"{at}.jsonl") for at in (1, 2))
    told = [one.name for one in asked(first, second).settings]
    assert told == [f"m in {first}", f"m in {second}"]
    with pytest.raises(BadInput, match="named twice"):
        asked(first, f"{first}#m")


def test_recorded_dollars_and_seconds_are_told(write: Write) -> None:
    rows = random_rows(1, dollars=0.25)
    for place, row in enumerate(rows):
        row["extra"] = {"seconds": float(place % 8)}
    report = asked(write(rows), ks="1,8")
    one, eight = report.settings[0].curve
    assert (one.dollars, eight.dollars, one.seconds, eight.seconds) == (
        pytest.approx(0.25),
        pytest.approx(2.0),
        pytest.approx(3.5),
        7.0,
    )
    assert report.cost == "dollars"


def test_prices_of_a_model_are_those_of_its_name_before_the_effort(
    tmp_path: Path, write: Write
) -> None:
    prices = tmp_path / "prices.yaml"
    prices.write_text("m: {prompt: 1, completion: 10}")
    rows = [{"correct": True, "prompt_tokens": 100, "completion_tokens": 10, "answer": "4"}]
    report = asked(write([{**row, "model": "m|high"} for row in rows]), prices=prices)
    assert report.settings[0].curve[0].dollars == pytest.approx(0.0002)


def test_each_file_has_its_task(write: Write) -> None:
    rows = [{"completion": "It is\nParis", "reference": "Paris"}]
    first, second = write(rows, "first.jsonl"), write(rows, "second.jsonl")
    told = asked(first, second, tasks=["first.jsonl=plain"]).settings
    assert [(one.task, one.curve[0].passed.value) for one in told] == [
        ("plain", 1.0),
        ("math", 0.0),
    ]
    with pytest.raises(BadInput, match="no file 'third' is replayed"):
        asked(first, tasks=["third=plain"])
    with pytest.raises(UnknownName, match="no task 'maths'"):
        asked(first, tasks=["maths"])


def test_a_model_that_cannot_tell_of_a_strategy_leaves_the_others(write: Write) -> None:
    rows = [*random_rows(1, model="a"), *random_rows(2, model="b", score=None)]
    told = asked(write(rows), strategies=["best_of_n(n=2)"], fit=4).settings
    assert [(len(one.rules), one.fitted is not None) for one in told] == [(1, True), (0, False)]
    assert "has no scores for 'b'" in told[1].notes[-1]
    with pytest.raises(UsageError, match="has no scores for 'b'"):
        asked(f"{write(rows)}#b", strategies=["best_of_n(n=2)"])
    with pytest.raises(UsageError, match=r"--fit: .* has no scores"):
        asked(f"{write(rows)}#b", fit=4)


def test_a_model_that_cannot_tell_of_a_budget_leaves_the_others(write: Write) -> None:
    rows = [*random_rows(1, model="a", dollars=0.25), *random_rows(2, model="b")]
    told = asked(write(rows), strategies=["single"], budgets=["$1", "9 calls"]).settings
    assert [[rule.budget for rule in one.rules] for one in told] == [["$1", "9 calls"], ["9 calls"]]
    assert "price of 'b' is unknown" in told[1].notes[-1]


def test_fewer_draws_than_asked_for_are_told(write: Write) -> None:
    rows = [row for row in random_rows(1) if row["problem_id"] != "p0" or row["sample_index"] < 3]
    strategies = ["best_of_n(n=3)", "best_of_n(n=16)"]
    [told] = asked(write(rows), strategies=strategies, ks="1,8,32", fit=5).settings
    assert told.notes == (
        "k = 32: no problem has more than 8 draws.",
        "k = 8: 11 of 12 problems have so many draws; its row is theirs alone, and not on the frontier.",
        "best_of_n(n=16): 12 of 12 problems have fewer than 16 draws, and one 3.",
        "--fit 5: 1 of 12 problems have fewer than 5 draws, and one 3.",
    )


def test_a_point_of_some_problems_is_not_on_the_frontier(write: Write) -> None:
    easy = [
        {"sample_index": at, "answer": "4", "correct": True, "completion_tokens": 9}
        for at in range(4)
    ]
    hard = [{"problem_id": "q", "answer": "5", "correct": False, "completion_tokens": 9}]
    report = asked(write([*easy, *hard]))
    assert report.settings[0].curve[-1].passed.value == 1.0
    assert [one.label for one in report.frontier] == ["1 draw"]


def test_notes_of_models_beyond_the_first_are_counted(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        row for at in range(6) for row in random_rows(at, model=f"m{at}", completion_tokens=None)
    ]
    how: dict[str, Any] = {name: [] for name in ("tasks", "strategies", "controllers", "budgets")}
    place = str(write(rows))
    show_replay(asked_of([place], ks="", orders=2, seed=0, prices=None, **how), as_json=False)
    assert "Of 2 more models something is missing" in capsys.readouterr().out


def test_code_does_not_vote_by_what_looks_like_an_answer(write: Write) -> None:
    rows: list[dict[str, Any]] = [
        {"completion": "return max(a, b)", "correct": True, "reference": None},
        {"completion": "return \\boxed{b}", "correct": False, "reference": None},
    ]
    [found] = pools_of(write(rows))
    assert not found.votes and "state no answers" in found.notes[0]


def test_failed_calls_are_missing_draws_and_cut_ones_do_not_vote(write: Write) -> None:
    rows: list[dict[str, Any]] = [
        {"answer": "4", "correct": True},
        {"error": True},
        {"answer": "5", "correct": False, "finish_reason": "length"},
    ]
    [found] = pools_of(write(rows))
    [drawn] = found
    assert (drawn.n, drawn.classes.tolist()) == (2, [0, -1])
    assert "1 calls failed" in found.notes[0]


def test_several_references_of_a_problem_are_told(write: Write) -> None:
    rows = [{"answer": "4", "reference": told, "correct": True} for told in ("4", "B")]
    [found] = pools_of(write(rows))
    assert any("several references" in note for note in found.notes)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([{"answer": "4", "reference": None}], "nothing to replay"),
        ([{"error": True}], "nothing to replay"),
        ([], "holds no samples"),
    ],
)
def test_a_file_that_says_nothing_is_told(
    write: Write, rows: list[dict[str, Any]], reason: str
) -> None:
    with pytest.raises(BadInput, match=reason):
        pools_of(write(rows))


def test_a_model_that_is_not_there_is_told(write: Write) -> None:
    with pytest.raises(UnknownName, match="There is no model 'n'"):
        pools_of(f"{write(random_rows(1))}#n")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"ks": "1,x"}, "--k takes whole numbers"), ({"orders": 0}, "--orders"), ({"ks": "0"}, "--k")],
)
def test_a_wrong_flag_is_told(write: Write, changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        asked(write(random_rows(1)), **changes)


def test_the_frontier_holds_what_nothing_beats_for_less() -> None:
    points = [
        FrontierPoint(setting="m", label=label, cost=cost, accuracy=Estimate(value, 0.0, 1.0))
        for label, cost, value in (("a", 1, 0.5), ("b", 2, 0.4), ("c", 2, 0.6), ("d", 3, 0.6))
    ]
    assert [one.label for one in frontier(points)] == ["a", "c"]


def test_tables_fit_into_eighty_columns(
    write: Write, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    rows = random_rows(1, model="a-model-with-a-name-that-never-ends/" * 4, dollars=0.001234567)
    rows = [{**row, "seconds": 123.456} for row in rows]
    plain: dict[str, Any] = {"tasks": [], "controllers": [], "budgets": [], "ks": "", "seed": 0}
    how = asked_of(
        [str(write(rows))],
        strategies=["adaptive_consistency(n=8, confidence=0.9, batch=1)"],
        **{"orders": 2, "prices": None, **plain},
    )
    show_replay(how, as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert lines and max(map(len, lines)) <= 80
    assert "1  adaptive_consistency(n=8, confidence=0.9, batch=1)" in [one.strip() for one in lines]
    figures = [line for line in lines if "[" in line and "]" in line]
    assert len(figures) >= 6


def test_the_page_of_a_replay_has_its_curves_and_its_data(write: Write, tmp_path: Path) -> None:
    report = asked(write(random_rows(1, dollars=0.1)), strategies=["best_of_n(n=4)"])
    write_page(report, tmp_path / "page")
    made = page_report(report)
    ways = [f"{row.strategy} {row.budget}".strip() for row in made.rows]
    assert ways == [
        *("one draw", "majority k=2", "best of k k=2", "majority k=4", "best of k k=4"),
        *("majority k=8", "best of k k=8", "best_of_n(n=4)"),
    ]
    [coverage] = made.reference_curves
    assert [point.label for point in coverage.points] == ["pass@1", "pass@2", "pass@4", "pass@8"]
    assert made.rows[1].dollars_per_run == pytest.approx(0.2)
    calls = [row.attributed.calls / row.n for row in made.rows]
    assert calls == [1, 2, 2, 4, 4, 8, 8, 4]
    assert [row.attributed.prompt_tokens / row.n for row in made.rows] == [
        7 * each for each in calls
    ]
    page = (tmp_path / "page" / "report.html").read_text()
    assert "pass@k" in page and "majority" in page


def test_a_column_of_which_nothing_is_known_is_left_out(write: Write) -> None:
    report = asked(write(random_rows(1, score=None)))
    console = Console(width=80)
    with console.capture() as shown:
        console.print(curve_table(report.settings[0], "m"))
    assert "best of k" not in shown.get() and "maj@k" in shown.get()


# A stop rule of one's own

AGREED = """
from collections import Counter

n, batch, choice = 6, 1, "majority"


def stops(seen):
    return bool(seen.counts) and seen.counts[0] >= 2 and sum(seen.tokens) > 0
"""


def test_a_controller_file_stops_the_draws(tmp_path: Path, write: Write) -> None:
    path = tmp_path / "agreed.py"
    path.write_text(AGREED)
    [found] = pools_of(write(random_rows(1)))
    told = replayed(found, controller(path), orders=3)
    assert told.label == "agreed" and 2 <= told.draws < 6


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("def stops(seen):\n    return 1 / 0", r"own.py:2: ZeroDivisionError"),
        ("def stops(seen):\n    return 'yes'", r"own.py: `stops` gave 'yes'"),
        ("def halts(seen): ...", r"defines no function `stops\(seen\)`"),
        ("def stops(seen) return", r"own.py:1: SyntaxError"),
        ("import nowhere", r"own.py:1: ModuleNotFoundError"),
        ("batch = 0\ndef stops(seen): ...", "`batch` is a whole number"),
        ("choice = 'worst'\ndef stops(seen): ...", "`choice` is one of best, majority, weighted"),
    ],
)
def test_a_controller_that_fails_is_named_with_its_line(
    tmp_path: Path, write: Write, text: str, reason: str
) -> None:
    path = tmp_path / "own.py"
    path.write_text(text)
    [found] = pools_of(write(random_rows(1)))
    with pytest.raises(BadInput, match=reason):
        replayed(found, controller(path), orders=1)


def test_a_controller_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is no Python file"):
        controller(tmp_path / "none.py")
