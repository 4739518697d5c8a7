"""Searches of Tree of Thoughts as draws, and their verdicts beside those of our own grader."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tts.answers import TASKS
from tts.countdown import made
from tts.errors import BadInput
from tts.eval.replay.importers import import_rows
from tts.eval.replay.importers.read import numbered_lines
from tts.eval.replay.step_files import is_step_file

ENDS = ["1 + 2 = 3 (left: 3)\n", "2 - 1 = 1 (left: 1)\n"]
TREE: dict[str, Any] = {
    "problem_id": "t1",
    "problem": "1 2",
    "steps": [
        {"new_ys": ["other\n", *ENDS], "values": [0.0, 20.0, 0.001], "select_new_ys": ENDS},
    ],
    "final": ENDS,
    "correct": [True, False],
    "prompt_tokens": 100,
    "completion_tokens": 30,
    "cost_usd": 0.5,
}


def written(folder: Path, *trees: dict[str, Any]) -> Path:
    path = folder / "trees.jsonl"
    path.write_text("".join(json.dumps(tree) + "\n" for tree in trees))
    return path


async def test_a_search_is_the_draws_that_it_ended_with_and_their_values(tmp_path: Path) -> None:
    rows = list((await import_rows(written(tmp_path, TREE))).rows)
    assert [row.completion for row in rows] == ENDS
    assert [row.score for row in rows] == [20.0, 0.001]
    assert [row.correct for row in rows] == [True, False]
    assert {row.model for row in rows} == {"trees"}


async def test_all_ends_together_cost_what_the_tree_cost(tmp_path: Path) -> None:
    rows = list((await import_rows(written(tmp_path, TREE))).rows)
    assert sum(row.prompt_tokens or 0 for row in rows) == 100
    assert sum(row.completion_tokens or 0 for row in rows) == 30
    assert sum(row.dollars or 0 for row in rows) == 0.5


async def test_what_a_tree_does_not_tell_stays_unknown(tmp_path: Path) -> None:
    kept = ("problem_id", "problem", "steps", "final")
    rows = (await import_rows(written(tmp_path, {key: TREE[key] for key in kept}))).rows
    assert {(row.correct, row.prompt_tokens, row.dollars) for row in rows} == {(None, None, None)}


@pytest.mark.parametrize(
    "spoilt", [{"steps": []}, {"correct": [True]}, {"steps": [{"new_ys": ENDS, "values": []}]}]
)
async def test_a_tree_that_does_not_hold_together_is_named_by_its_line(
    tmp_path: Path, spoilt: dict[str, Any]
) -> None:
    with pytest.raises(BadInput, match=r"trees\.jsonl:2: no line of tree-of-thoughts"):
        await import_rows(written(tmp_path, TREE, {**TREE, **spoilt}))


def test_a_search_is_no_labelled_solution() -> None:
    assert not is_step_file(TREE)


async def test_the_recorded_game_of_24_trees_solve_69_of_100(real_data: Path) -> None:
    path = real_data / "samples" / "tot_game24_bfs_tree.jsonl.gz"
    rows = list((await import_rows(path)).rows)
    assert len(rows) == 500
    assert len({row.problem_id for row in rows if row.correct}) == 69
    assert all(row.score is not None for row in rows)


@pytest.mark.parametrize("name", ["tot_game24_bfs_tree", "tot_game24_gpt4_n100"])
async def test_our_grader_gives_the_recorded_verdicts_of_game_of_24(
    real_data: Path, name: str
) -> None:
    rows = (await import_rows(real_data / "samples" / f"{name}.jsonl.gz")).rows
    problems = {
        str(line["problem_id"]): " ".join(sorted(str(line["problem"]).split(), key=int))
        for _, line in numbered_lines(real_data / "samples" / f"{name}.jsonl.gz")
    }
    differing = [
        row.completion
        for row in rows
        if row.completion is not None
        and _is_right(row.completion, problems[row.problem_id]) != row.correct
    ]
    assert differing == []


def _is_right(completion: str, numbers: str) -> bool:
    answer = TASKS["countdown"].extract(completion)
    found = made(answer) if answer is not None else None
    return found is not None and str(found) == f"24 from {numbers}"
