from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tts.answers.program import assembled
from tts.errors import BadInput
from tts.eval.problems import load_problem_set
from tts.eval.problems.puzzles import solved_puzzles
from tts.values import CODE, ENTRY
from tts.verifiers.code import Reference
from tts.verifiers.sandbox import Sandbox, probe

ROW = {
    "name": "Thrice:0",
    "sat": "def sat(li: List[int], total=3):\n    return len(li) == 3 and sum(li) == total",
    "ans_type": "List[int]",
    "sol_header": "def sol(total=3):",
    "sol_docstring": '    """Three numbers of this sum."""',
    "sol_bodies": ["    return [total, 0, 0]"],
}


def written(folder: Path, text: str) -> str:
    path = folder / "puzzles.json"
    path.write_text(text)
    return f"p3:{path}"


@pytest.fixture
def box() -> Any:
    if not probe("landlock").holds:
        pytest.skip(probe("landlock").reason)
    found = Sandbox(workers=1)
    yield found
    found.close_now()


@pytest.mark.parametrize(
    ("body", "right"),
    [
        ("    return [1, 1, total - 2]", True),
        ("    return [3]", False),
        ("    return (1, 1, 1)", False),
        ("    return [True, True, True]", False),
        ("def sat(li, total=3):\n    return True\n\ndef sol(total=3):\n    return [7]", False),
    ],
)
def test_an_answer_is_right_where_the_puzzle_itself_says_so_of_a_value_of_its_type(
    tmp_path: Path, box: Sandbox, body: str, right: bool
) -> None:
    [problem] = load_problem_set(written(tmp_path, json.dumps([ROW]))).problems
    program = assembled(problem.metadata[CODE], problem.metadata[ENTRY], body)
    found = box.examine_now(program.source, Reference.of(problem.answer or "").tests)
    assert found.passed is right


def test_puzzles_are_lines_or_one_array_and_show_no_solution(tmp_path: Path) -> None:
    array = load_problem_set(written(tmp_path, json.dumps([ROW], indent=1))).problems
    lines = load_problem_set(written(tmp_path, json.dumps(ROW) + "\n")).problems
    assert array == lines
    assert "total, 0, 0" not in json.dumps([array[0].prompt, array[0].answer, array[0].metadata])
    assert "Three numbers of this sum." in array[0].prompt


def test_what_is_no_puzzle_is_named_by_its_place(tmp_path: Path) -> None:
    bare = {key: value for key, value in ROW.items() if key != "sat"}
    with pytest.raises(BadInput, match=r"puzzles\.json:1: no 'sat'"):
        load_problem_set(written(tmp_path, json.dumps([ROW, bare])))


@pytest.mark.timeout(300)
def test_published_solutions_pass(real_data: Path, box: Sandbox) -> None:
    solved = list(solved_puzzles(real_data / "code" / "p3_397_puzzles.json"))[::8]
    wrong = [name for name, program, exam in solved if not box.examine_now(program, exam).passed]
    assert len(solved) > 40
    assert wrong == []
