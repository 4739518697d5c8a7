"""What a pool says of model and verifier, and labelled steps of theirs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.eval.replay.conftest import Write, draws, pool, pools_of, random_rows
from tts.cli.measures import hindsight, measures_table, show_steps
from tts.errors import BadInput
from tts.eval.replay.crossfit import cross_fitted
from tts.eval.replay.measures import measures, oracles
from tts.eval.replay.step_files import step_figures


def test_whoever_has_to_answer_early_has_the_answer_that_stands() -> None:
    drawn = draws([0, 1, 1], [False, True, True], tokens=[5, 5, 10])
    [found] = measures(pool(drawn), orders=1).interrupted
    assert [(one.budget, one.accuracy) for one in found.curve if one.accuracy] == [
        (35.0, 1.0),
    ]
    """The second draw is right at 20 tokens and wins the vote at 35."""
    assert found.regret == pytest.approx(sum(at * 35 / 12 >= 20 for at in range(12)) / 12)


def test_a_perfect_selection_has_no_regret_to_itself() -> None:
    drawn = draws([0, 1], [False, True], [0.1, 0.9])
    by_score = measures(pool(drawn), orders=1).interrupted[1]
    assert (by_score.selection, by_score.regret) == ("best", 0.0)


def test_scores_are_judged_over_all_draws_and_inside_problems(write: Write) -> None:
    rows = random_rows(1)
    for row in rows:
        row["score"] = 0.9 if row["correct"] else 0.2
    [found] = pools_of(write(rows))
    told = measures(found, orders=1).verified
    assert told is not None and (told.auc, told.within) == (1.0, 1.0)


def test_one_draw_per_problem_has_no_distribution() -> None:
    found = measures(pool(draws([0], [True])), orders=1)
    assert (found.coverage, found.headroom, found.verified) == (None, None, None)


def test_hindsight_picks_models_and_efforts_apart(write: Write) -> None:
    rows = [
        {"problem_id": problem, "model": model, "answer": "4", "correct": problem in right}
        for model, right in (("m|low", "a"), ("m|high", "ab"), ("n", "c"))
        for problem in "abc"
    ]
    found = oracles(pools_of(write(rows)))
    assert found is not None
    assert (found.models.best, found.models.oracle) == ("m|high", 1.0)
    assert (list(found.efforts), found.efforts["m"].regret) == (["m"], 0.0)
    assert "in hindsight 100.0" in hindsight(found)
    assert oracles(pools_of(write(rows[:3]))) is None


def test_the_table_of_measures_has_a_line_for_each(write: Write) -> None:
    [found] = pools_of(write(random_rows(1)))
    assert measures_table(measures(found, orders=2), "m").row_count == 11


# A threshold that is learnt elsewhere


def test_a_threshold_that_tells_right_from_wrong_saves_draws_and_loses_nothing(
    write: Write,
) -> None:
    rows = random_rows(3, problems=40, finish_reason="stop")
    for row in rows:
        row["score"] = 0.9 if row["correct"] else 0.2
        row["answer"] = row["answer"] or "none"
    [found] = pools_of(write(rows))
    told = cross_fitted(found, 8, orders=4)
    assert told.difference.value == 0 and told.share.value < 0.6
    assert 0.2 < told.thresholds[0] <= told.thresholds[1] == pytest.approx(0.9)


def test_a_threshold_that_says_nothing_takes_every_draw_where_it_would_lose(write: Write) -> None:
    rows = random_rows(4, problems=40, score=0.5)
    for row in rows:
        row["score"] = float(row["sample_index"]) / 10 if row["correct"] else 0.95
    [found] = pools_of(write(rows))
    assert cross_fitted(found, 8, orders=4).difference.value >= -0.1


# Labelled steps


def solution(**changes: Any) -> dict[str, Any]:
    plain = {"steps": ["a", "b\nc"], "prm_scores": {"prm": [0.9, 0.4]}, "first_error": 2}
    return {**plain, **changes}


def steps(folder: Path, *rows: dict[str, Any]) -> Path:
    path = folder / "steps.jsonl"
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def test_scores_of_lines_count_for_their_step_by_the_lowest(tmp_path: Path) -> None:
    by_line = solution(prm_scores={"prm": [0.9, 0.8, 0.3]})
    right = solution(prm_scores={"prm": [0.9, 0.7]}, first_error=None)
    [found] = step_figures(steps(tmp_path, solution(), by_line, right))
    assert (found.solutions, found.wrong, found.auc, found.left_out) == (3, 2, 1.0, 0)
    assert found.first_error is not None and found.first_error.f1 == 1.0


def test_three_chances_are_a_score_by_what_is_not_wrong(tmp_path: Path) -> None:
    chances = [[0.1, 0.2, 0.7], [0.8, 0.1, 0.1]]
    human = {"model_output_solution_first_error_step": "N/A"}
    rows = [
        solution(prm_scores={"prm": chances, "whole": 0.3}),
        solution(prm_scores={"prm": chances}, first_error=None, human=human),
    ]
    [found] = step_figures(steps(tmp_path, *rows))
    assert (found.verifier, found.wrong, found.auc) == ("prm", 1, pytest.approx(2.5 / 3))


def test_scores_that_do_not_fit_the_steps_are_left_out_and_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = steps(tmp_path, solution(), solution(prm_scores={"prm": [0.1] * 7}))
    [found] = step_figures(path)
    assert (found.solutions, found.left_out) == (1, 1)
    show_steps([path], as_json=True)
    assert json.loads(capsys.readouterr().out)[str(path)][0]["left_out"] == 1


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (solution(prm_scores=None), "no solution has step scores"),
        (solution(first_error=5), "step 4 of 2"),
        ({"completion": "x"}, "'steps'"),
    ],
)
def test_a_file_that_scores_nothing_is_told(
    tmp_path: Path, row: dict[str, Any], reason: str
) -> None:
    with pytest.raises(BadInput, match=reason):
        step_figures(steps(tmp_path, row))


def test_step_auc_of_the_recorded_verifiers(real_data: Path) -> None:
    """As its authors evaluate MR-MATH: steps up to the first error, lines by the lowest."""
    found = step_figures(real_data / "prm" / "mr_math_invalid.jsonl.gz")
    told = {one.verifier: one.auc for one in found}
    assert told["reasoneval_llemma-34b"] == pytest.approx(0.928, abs=0.005)
    assert told["math-shepherd_mistral-7b"] == pytest.approx(0.772, abs=0.005)
    assert [one.left_out for one in found] == [0] * 8
