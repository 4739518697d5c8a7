from __future__ import annotations

import json
from pathlib import Path

import pytest

from tts.errors import BadInput
from tts.eval.problems import load_problem_set
from tts.eval.problems.code_sets import CodeSet, reference_programs
from tts.verifiers.code import Reference
from tts.verifiers.sandbox import Sandbox, probe

ROW = {
    "task_id": "T/1",
    "prompt": "def helper(a):\n    '''\n    Double a number.\n    '''\n",
    "entry_point": "helper",
    "canonical_solution": "  return a\ndef double(a):\n  return helper(a) * 2\n",
    "test": "def check(candidate):\n    assert double(1) == 2\n    assert double(2) == 4\n",
}


def written(folder: Path, *rows: object) -> Path:
    path = folder / "set.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_one_assert_is_shown_and_the_others_are_hidden(tmp_path: Path) -> None:
    (problem,) = load_problem_set(f"mbpp:{written(tmp_path, ROW)}").problems
    assert problem.metadata["examples"] == ["assert double(1) == 2"]
    assert Reference.of(problem.answer or "").tests.checks == ("assert double(2) == 4",)
    assert "double(2)" not in problem.prompt and "double(1)" in problem.prompt


def test_the_function_that_is_tested_counts_where_the_row_names_a_helper(tmp_path: Path) -> None:
    (problem,) = load_problem_set(f"mbpp:{written(tmp_path, ROW)}").problems
    assert problem.metadata["entry_point"] == "double"


def test_a_reference_solution_is_never_part_of_a_problem(tmp_path: Path) -> None:
    (problem,) = load_problem_set(f"mbpp:{written(tmp_path, ROW)}").problems
    assert "helper(a) * 2" not in json.dumps([problem.prompt, problem.answer, problem.metadata])


def test_a_row_without_a_test_is_named_by_file_and_line(tmp_path: Path) -> None:
    bad = {key: value for key, value in ROW.items() if key != "test"}
    with pytest.raises(BadInput, match=r"set\.jsonl:2: no 'test'"):
        load_problem_set(f"humaneval:{written(tmp_path, ROW, bad)}")


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("name", "file", "count"),
    [("humaneval", "HumanEval.jsonl.gz", 164), ("mbpp", "mbpp_sanitized.jsonl", 427)],
)
def test_every_reference_program_passes_in_half_of_its_processor_time(
    real_data: Path, name: CodeSet, file: str, count: int
) -> None:
    if not probe("landlock").holds:
        pytest.skip(probe("landlock").reason)
    box = Sandbox(workers=1)
    try:
        found = {
            key: (box.examine_now(program, known.tests, known.limits), known.limits.cpu_seconds)
            for key, program, known in reference_programs(name, real_data / "code" / file)
        }
    finally:
        box.close_now()
    assert [key for key, (exam, _) in found.items() if not exam.passed] == []
    assert [key for key, (exam, most) in found.items() if exam.cpu_seconds > most / 2] == []
    assert len(found) == count
