from __future__ import annotations

import asyncio
import base64
import json
import pickle
import zlib
from pathlib import Path
from typing import Any

import pytest

from tts.errors import BadInput
from tts.eval.grading import grading
from tts.eval.problems import load_problem_set
from tts.values import EXAMPLES, Problem
from tts.verifiers.code import Reference
from tts.verifiers.sandbox import probe

SUM = {
    "question_id": "sum",
    "question_content": "Print the sum and the mean of two numbers.",
    "starter_code": "",
    "difficulty": "easy",
    "public_test_cases": json.dumps([{"input": "1 2\n", "output": "3\n1.5", "testtype": "stdin"}]),
    "private_test_cases": json.dumps(
        [{"input": f"{n} 4\n", "output": f"{n + 4}\n{n / 2 + 2}\n"} for n in (0, 7)]
    ),
    "metadata": "{}",
}
TWICE = {
    "question_id": "twice",
    "question_content": "Give every number twice.",
    "starter_code": "class Solution:\n    def twice(self, nums: List[int]) -> List[int]:\n        ",
    "public_test_cases": [{"input": "[1]", "output": "[1, 1]", "testtype": "functional"}],
    "private_test_cases": [{"input": "[2, 3]", "output": "[2, 2, 3, 3]", "testtype": "functional"}],
    "metadata": json.dumps({"func_name": "twice"}),
}


def packed(value: Any) -> str:
    return base64.b64encode(zlib.compress(pickle.dumps(value))).decode()


def loaded(folder: Path, *rows: dict[str, Any]) -> tuple[Problem, ...]:
    path = folder / "contest.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in rows))
    return load_problem_set(f"livecodebench:{path}").problems


@pytest.mark.parametrize(
    ("row", "text", "verdict"),
    [
        (SUM, "a, b = map(int, input().split())\nprint(a + b)\nprint((a + b) / 2)", "same"),
        (SUM, "a, b = map(int, input().split())\nprint(a + b, '', '%.3f ' % ((a + b) / 2), sep='\\n')", "different"),
        (SUM, ("import sys\na, b = map(int, sys.stdin.buffer.read().split())\n"
              "sys.stdout.write(f'{a + b}  \\n{(a + b) / 2:.3f}\\n\\n')\nsys.exit()"), "same"),
        (SUM, "a, b = map(int, open(0).read().split())\nprint(a + b)\nprint((a + b) / 2)\nexit(1)", "different"),
        (SUM, "print(3)\nprint(1.5)", "different"),
        (SUM, ("def solve():\n    a, b = map(int, input().split())\n    print(a + b, (a + b) / 2, sep='\\n')\n"
              "if __name__ == '__main__':\n    solve()"), "same"),
        (TWICE, ("class Solution:\n    def twice(self, nums: List[int]):\n"
                "        return tuple(n for n in nums for _ in range(2))"), "same"),
        (TWICE, "def twice(nums):\n    return nums + nums", "different"),
    ],
)  # fmt: skip
def test_programs_are_judged_by_hidden_tests_as_the_contest_has_them(
    tmp_path: Path, row: dict[str, Any], text: str, verdict: str
) -> None:
    if not probe("landlock").holds:
        pytest.skip(probe("landlock").reason)
    [problem] = loaded(tmp_path, row)

    async def judged() -> str:
        async with grading() as equivalence:
            return await equivalence.of("program").compare(text, problem.answer or "")

    assert asyncio.run(judged()) == verdict


def test_public_tests_are_shown_and_packed_private_ones_are_hidden(tmp_path: Path) -> None:
    row = {**SUM, "private_test_cases": packed(SUM["private_test_cases"])}
    [problem] = loaded(tmp_path, row)
    assert problem.metadata[EXAMPLES] == ["assert same_output(stdout_of('1 2\\n'), '3\\n1.5')"]
    assert len(Reference.of(problem.answer or "").tests.checks) == 2
    assert (problem.task, problem.difficulty_bin) == ("script", 1)
    assert "7 4" not in json.dumps([problem.prompt, problem.metadata])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"question_content": None}, "no 'question_content'"),
        ({"public_test_cases": "[]", "private_test_cases": ""}, "there is none"),
        ({"private_test_cases": "!"}, "neither JSON nor packed"),
        ({"private_test_cases": packed(print)}, "it names builtins.print"),
        ({"private_test_cases": packed(7)}, "packed, and no text"),
        ({"public_test_cases": TWICE["public_test_cases"]}, "names no func_name"),
    ],
)
def test_a_row_that_cannot_be_judged_says_why(
    tmp_path: Path, change: dict[str, Any], reason: str
) -> None:
    with pytest.raises(BadInput, match=f"contest.jsonl:1: .*{reason}"):
        loaded(tmp_path, {**SUM, **change})
