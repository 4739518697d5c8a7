from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import pytest

from tts.errors import UsageError
from tts.protocols import Meter
from tts.repository import ScriptRun, Tree, difference
from tts.values import Problem
from tts.verifiers.repository import RepositoryBox, RepositoryReference
from tts.verifiers.repository.scripts import LONGEST_OUTPUT, script_run, tree_of
from tts.verifiers.sandbox import Execution, Sandbox, probe

FILES = {
    "pkg/__init__.py": "def half(x):\n    return x // 2\n",
    "tests/test_half.py": "from pkg import half\n\n\ndef test_even():\n    assert half(4) == 2\n",
}
PROBLEM = Problem(id="half", prompt="half of three", task="patch", metadata={"files": FILES})
TEST = "import sys\nfrom pkg import half\nprint('half of three is', half(3))\nsys.exit(0 if half(3) == 1.5 else 2)\n"


@pytest.fixture
async def box() -> AsyncIterator[RepositoryBox]:
    if not probe("landlock").holds:
        pytest.skip("landlock is not given here")
    opened = RepositoryBox(lambda readable: Sandbox(at="landlock", workers=1, readable=readable))
    yield opened
    await opened.close()


async def ran(box: RepositoryBox, changes: Mapping[str, str | None], script: str) -> ScriptRun:
    answer = await box.scripts.perform((PROBLEM, changes, script), (), Meter())
    found: ScriptRun = answer.replies[0].content  # type: ignore[union-attr]
    return found


async def test_a_script_runs_in_the_repository_with_and_without_a_change(
    box: RepositoryBox,
) -> None:
    base = await ran(box, {}, TEST)
    assert (base.unsolved, base.output) == (True, "half of three is 1\n")
    mended = {"pkg/__init__.py": "def half(x):\n    return x / 2\n"}
    assert (await ran(box, mended, TEST)).solved
    crashed = await ran(box, {"pkg/__init__.py": None}, TEST)
    assert crashed.code == 1 and not crashed.solved and not crashed.unsolved


async def test_answers_are_graded_by_what_their_reference_is_of(box: RepositoryBox) -> None:
    base = Tree(FILES)
    more = "\n\ndef test_odd():\n    assert half(3) == 1.5\n"
    tested = base.changed({"tests/test_half.py": FILES["tests/test_half.py"] + more})
    reference = RepositoryReference(
        files=FILES,
        test_patch=difference(base, tested),
        fail_to_pass=("tests/test_half.py::test_odd",),
        pass_to_pass=("tests/test_half.py::test_even",),
    ).text

    async def programs(answer: str, reference: str) -> str:
        return "undecided"

    grade = box.beside(programs)  # type: ignore[arg-type]
    edit = "<<<< SEARCH pkg/__init__.py\n    return x // 2\n====\n    return x / 2\n>>>> REPLACE\n"
    assert await grade(edit, reference) == "same"
    assert await grade("no change", reference) == "different"
    assert await grade("program", '{"prompt": "", "tests": {}}') == "undecided"


async def test_code_that_ends_the_process_solves_nothing(box: RepositoryBox) -> None:
    found = await ran(box, {"pkg/__init__.py": "import os\nos._exit(0)\n"}, TEST)
    assert (found.code, found.solved, found.unsolved) == (None, False, False)


def test_a_long_output_loses_its_middle() -> None:
    told = script_run(
        Execution(ended="exited", code=0, stdout="a" * LONGEST_OUTPUT, stderr="b" * 9)
    )
    assert told.output.startswith("aaa") and told.output.endswith("b" * 9)
    assert len(told.output) < LONGEST_OUTPUT + 10
    assert script_run(Execution(ended="wall", code=None)).ended == "limit"


def test_a_problem_without_files_is_named() -> None:
    with pytest.raises(UsageError, match="'q' brings no repository"):
        tree_of(Problem(id="q", prompt="?"))


def test_equal_changes_have_one_key_whatever_their_order() -> None:
    box = RepositoryBox(lambda readable: pytest.fail("nothing is run"))
    first = box.scripts.identity((PROBLEM, {"a": "1", "b": None}, "x"))
    assert first == box.scripts.identity((PROBLEM, {"b": None, "a": "1"}, "x"))
    assert first != box.scripts.identity((PROBLEM, {"a": "1"}, "x"))
