from __future__ import annotations

import asyncio
import json
from pathlib import Path

import numpy as np
import pytest

from tests.eval.programs.conftest import PROMPT, Files
from tts.backends.replay import read_rows
from tts.errors import BadInput
from tts.eval.problems import load_problem_set
from tts.eval.programs import (
    CURVE_RULES,
    Executed,
    Executions,
    ProgramPool,
    executed,
    read_program_pool,
    selection_report,
)
from tts.verifiers.sandbox import Sandbox, probe

POOL = "humaneval_codegen16b_n100.jsonl.gz"


def pool_of(files: Files) -> ProgramPool:
    problems = tuple(load_problem_set(files.problems).problems)
    return read_program_pool(read_rows(files.pool), files.tests, problems)


def run_all(pool: ProgramPool, path: Path) -> tuple[list[Executed], int]:
    """What was found, and how many programs were run for it."""
    if not probe("landlock").holds:
        pytest.skip("no isolation here")
    ran = list[int]()

    async def run() -> list[Executed]:
        box, kept = Sandbox(workers=1), Executions(path)
        try:
            return await executed(pool.tasks, box, kept, lambda done, of: ran.append(done))
        finally:
            kept.close()
            await box.close()

    return asyncio.run(run()), len(ran)


def test_tests_find_their_task_by_their_prompt_and_not_by_their_id(files: Files) -> None:
    (task,) = pool_of(files).tasks
    assert task.problem_id == "T/7"
    assert task.asserts == (
        "assert double(3) == 6",
        "assert double(0) == 0",
        "assert double(1) == 1",
    )
    assert task.written == ((0, 1), (2,), ())


def test_equal_programs_are_one(files: Files) -> None:
    (task,) = pool_of(files).tasks
    assert task.drawn == (0, 1, 1, 2)
    assert len(task.programs) == 3


def test_solutions_as_codet_publishes_them_find_their_task_by_prompt(
    files: Files, tmp_path: Path
) -> None:
    from tts.eval.replay.importers import import_rows

    path = tmp_path / "codet.jsonl"
    path.write_text(json.dumps({"prompt": PROMPT, "samples": ["    return 2 * n", "    return 1"]}))
    rows = list(asyncio.run(import_rows(path)).rows)
    problems = tuple(load_problem_set(files.problems).problems)
    (task,) = read_program_pool(rows, files.tests, problems).tasks
    assert task.correct == (None, None)


def test_the_matrix_is_what_programs_do_and_unknown_verdicts_are_found(
    files: Files, tmp_path: Path
) -> None:
    ([found], _) = run_all(pool_of(files), tmp_path / "executions.jsonl")
    assert found.asserts.tolist() == [
        [True, True, False],
        [False, True, True],
        [False, True, False],
    ]
    assert found.examples.tolist() == [[True], [True], [False]]
    assert found.correct.tolist() == [True, False, False, False]


def test_what_was_executed_is_not_run_again_and_a_torn_line_is(
    files: Files, tmp_path: Path
) -> None:
    path = tmp_path / "executions.jsonl"
    first, ran = run_all(pool_of(files), path)
    assert ran == 7
    path.write_bytes(path.read_bytes()[:-9])
    again, ran = run_all(pool_of(files), path)
    assert ran == 1
    assert again[0].asserts.tolist() == first[0].asserts.tolist()
    assert run_all(pool_of(files), path)[1] == 0


def test_a_file_that_holds_no_executions_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "executions.jsonl"
    path.write_text('{"some": "thing"}\n')
    with pytest.raises(BadInput, match=r"executions\.jsonl:1: holds no execution"):
        Executions(path)


def test_a_pool_without_tests_of_its_tasks_is_refused(files: Files) -> None:
    files.tests.write_text(json.dumps({"prompt": "def other(n):\n", "samples": ["other(1)"]}))
    with pytest.raises(BadInput, match="none has tests"):
        pool_of(files)


def test_a_row_of_tests_without_samples_is_named_by_file_and_line(files: Files) -> None:
    files.tests.write_text('{"prompt": "x"}\n')
    with pytest.raises(BadInput, match=r"tests\.jsonl:1: a row of tests has"):
        pool_of(files)


def by_hand(files: Files) -> Executed:
    (task,) = pool_of(files).tasks
    return Executed(
        task=task,
        asserts=np.array([[1, 1, 0], [0, 1, 1], [0, 1, 0]], dtype=np.bool_),
        examples=np.array([[1], [1], [0]], dtype=np.bool_),
        correct=np.array([1, 0, 0, 0], dtype=np.bool_),
    )


def test_at_all_draws_the_curves_are_the_rules_by_hand(files: Files) -> None:
    report = selection_report([by_hand(files)], sizes=(1, 4), orders=40)
    last = {one.rule: one.points[-1].value for one in report.curves}
    assert last["random"] == pytest.approx(1 / 4)
    assert last["max_tests"] == pytest.approx(1 / 3)
    assert last["cluster"] == 0
    assert last["codet"] == 0
    assert last["examples"] == pytest.approx(1 / 3)
    assert last["oracle"] == 1
    assert {one.points[0].value for one in report.curves} == {report.curves[0].points[0].value}


def test_more_draws_than_there_are_end_with_one_line(files: Files) -> None:
    with pytest.raises(BadInput, match="--k 5: a task of the pool has 4 programs"):
        selection_report([by_hand(files)], sizes=(5,), orders=1)


@pytest.mark.timeout(600)
def test_the_shared_pool_gives_the_order_that_codet_s_authors_found(
    real_data: Path, tmp_path: Path
) -> None:
    """On a few tasks and draws, for the time: the bars themselves stand in docs/replay.md."""
    problems = load_problem_set(f"humaneval:{real_data}/code/HumanEval.jsonl.gz").problems
    samples = real_data / "samples"
    pool = read_program_pool(
        [row for row in read_rows(samples / POOL) if row.sample_index < 16],
        samples / "humaneval_codegen16b_tests.jsonl.gz",
        tuple(problems),
    )
    assert len(pool.tasks) == 38
    assert pool.notes[0] == "41 tasks with programs have no tests: they are left out."
    found, _ = run_all(ProgramPool(tasks=pool.tasks[::7]), tmp_path / "executions.jsonl")
    report = selection_report(found, orders=2)
    assert set(CURVE_RULES) == {one.rule for one in report.curves}
    last = {one.rule: one.points[-1].value for one in report.curves}
    assert last["random"] < last["agreement"] < last["oracle"]
