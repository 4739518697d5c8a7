from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from tts.repository import Tree, difference
from tts.verifiers.repository import (
    Graded,
    RepositoryGrader,
    RepositoryReference,
    Suite,
    pytest_folders,
)
from tts.verifiers.repository.grading import _word, judged_cases
from tts.verifiers.repository.reference import judged_tree, with_failing_tests
from tts.verifiers.repository.running import suite_of
from tts.verifiers.sandbox import Errand, Execution, Limits, Sandbox, probe

BASE = Tree(
    {
        "pkg/__init__.py": "def half(x):\n    return x // 2\n",
        "tests/test_half.py": "from pkg import half\n\n\ndef test_even():\n    assert half(4) == 2\n",
    }
)
TESTED = BASE.changed(
    {
        "tests/test_half.py": BASE.files["tests/test_half.py"]
        + "\n\ndef test_odd():\n    assert half(3) == 1.5\n"
    }
)
REFERENCE = RepositoryReference(
    files=BASE.files,
    test_patch=difference(BASE, TESTED),
    fail_to_pass=("tests/test_half.py::test_odd",),
    pass_to_pass=("tests/test_half.py::test_even",),
)


def patch(**files: str) -> str:
    names = {name.replace("__", "/") + ".py": text for name, text in files.items()}
    return difference(BASE, BASE.changed(names))


RIGHT = difference(BASE, BASE.changed({"pkg/__init__.py": "def half(x):\n    return x / 2\n"}))


@pytest.fixture(scope="module")
def grader() -> Iterator[RepositoryGrader]:
    if not probe("landlock").holds:
        pytest.skip("landlock is not given here")
    packages = pytest_folders()
    limits = Limits(cpu_seconds=10, wall_seconds=20.0, memory=1 << 30, threads=True)
    box = Sandbox(at="landlock", workers=1, readable=packages)
    yield RepositoryGrader(box, packages=packages, limits=limits)
    box.close_now()


async def test_the_reference_resolves_and_the_base_does_not(grader: RepositoryGrader) -> None:
    right = await grader.grade(REFERENCE, RIGHT)
    assert right.resolved
    assert [(one.must, one.word) for one in right.tests] == [
        ("fail_to_pass", "passed"),
        ("pass_to_pass", "passed"),
    ]
    wrong = await grader.grade(REFERENCE, patch(pkg__more="x = 1\n"))
    assert wrong.standing == "unresolved"
    assert "test_odd failed" in wrong.reason


async def test_no_patch_and_one_that_does_not_apply_are_no_failures_of_tests(
    grader: RepositoryGrader,
) -> None:
    assert (await grader.grade(REFERENCE, "")).standing == "empty"
    assert (await grader.grade(REFERENCE, None)).standing == "empty"
    refused = await grader.grade(REFERENCE, RIGHT.replace("x // 2", "x ** 2"))
    assert refused.standing == "error"
    assert "hunk 1 (line 1) matches nowhere" in refused.reason


ATEXIT = "import os\nprint('tests/test_half.py::test_odd PASSED')\nos._exit(0)\n"
PATCHED = (
    "from _pytest import python\n"
    "python.Function.runtest = lambda self: None\n"
    "def half(x):\n    return 0\n"
)
RESULTS = (
    "import gc\n"
    "class Always(dict):\n"
    "    def __setitem__(self, key, value):\n        super().__setitem__(key, 'passed')\n"
    "for one in gc.get_objects():\n"
    "    if type(one).__name__ == 'Results':\n        one.tests = Always()\n"
    "def half(x):\n    return 0\n"
)


async def test_a_process_that_ends_itself_has_no_results(grader: RepositoryGrader) -> None:
    body = difference(BASE, BASE.changed({"pkg/__init__.py": ATEXIT}))
    found = await grader.grade(REFERENCE, body)
    assert (found.standing, found.reason) == (
        "unresolved",
        "the process ended before pytest was through",
    )


async def test_results_that_were_forged_show_in_the_control(grader: RepositoryGrader) -> None:
    body = difference(BASE, BASE.changed({"pkg/__init__.py": PATCHED}))
    found = await grader.grade(REFERENCE, body)
    assert (found.standing, found.forged) == ("unresolved", True)


async def test_results_that_disagree_with_the_exit_code_are_rejected(
    grader: RepositoryGrader,
) -> None:
    body = difference(BASE, BASE.changed({"pkg/__init__.py": RESULTS}))
    found = await grader.grade(REFERENCE, body)
    assert found.standing == "unresolved"
    assert "exit code 1 beside results" in found.reason


class Told(RepositoryGrader):
    """Tests that end as a list says, run after run."""

    def __init__(self, *runs: Suite) -> None:
        super().__init__(Sandbox(at="landlock", workers=1), packages=())
        self.runs = list(runs)

    async def suite(self, files: Any, tests: Any, roots: Any) -> Suite:
        return self.runs.pop(0)


PASSED = Suite(came="results", tests=dict.fromkeys(REFERENCE.ids, "passed"))
FAILED = Suite(came="results", tests=dict.fromkeys(REFERENCE.ids, "failed"))


@pytest.mark.parametrize(
    "runs, standing",
    [
        ((PASSED, FAILED, PASSED), "resolved"),
        ((PASSED, FAILED, FAILED), "ambiguous"),
        ((PASSED, PASSED), "unresolved"),
        ((FAILED,), "unresolved"),
        ((PASSED, Suite(came="lost")), "infrastructure"),
        ((Suite(came="too large"),), "infrastructure"),
        ((Suite(came="timeout"),), "ambiguous"),
    ],
)
async def test_a_verdict_rests_on_run_control_and_second_run(
    runs: tuple[Suite, ...], standing: str
) -> None:
    grader = Told(*runs)
    assert (await grader.grade(REFERENCE, RIGHT)).standing == standing
    assert not grader.runs


async def test_what_never_ends_is_ambiguous_and_not_wrong(grader: RepositoryGrader) -> None:
    body = difference(BASE, BASE.changed({"pkg/__init__.py": "while True:\n    pass\n"}))
    quick = Limits(cpu_seconds=1, wall_seconds=10.0, memory=1 << 30, threads=True)
    again = RepositoryGrader(grader.sandbox, packages=pytest_folders(), limits=quick)
    found: Graded = await again.grade(REFERENCE, body)
    assert (found.standing, found.reason) == ("ambiguous", "the limit of cpu")


def test_tests_and_their_settings_are_put_back() -> None:
    body = difference(
        BASE,
        BASE.changed(
            {
                "tests/test_half.py": "def test_odd():\n    pass\n",
                "conftest.py": "collect_ignore = []\n",
                "pkg/__init__.py": "def half(x):\n    return x / 2\n",
                "tests/test_new.py": "def test_mine():\n    pass\n",
            }
        ),
    )
    tree, restored = judged_tree(REFERENCE, body)
    assert restored == ("conftest.py", "tests/test_half.py")
    assert tree.files["tests/test_half.py"] == TESTED.files["tests/test_half.py"]
    assert "conftest.py" not in tree.files
    assert "tests/test_new.py" in tree.files


def test_a_control_keeps_names_and_parameters_and_lets_nothing_pass() -> None:
    source = (
        "import pytest\n@pytest.fixture\ndef test_data():\n    return 1\n"
        "class TestA:\n    @pytest.mark.parametrize('x', [1, 2])\n    def test_x(self, x):\n"
        "        assert True\n"
    )
    failing = with_failing_tests({"tests/test_a.py": source}, ("tests/test_a.py",))
    assert "return 1" in failing["tests/test_a.py"]
    assert "parametrize('x', [1, 2])" in failing["tests/test_a.py"]
    assert "assert True" not in failing["tests/test_a.py"]


@pytest.mark.parametrize(
    "id, word",
    [
        ("t.py::a[x]", "passed"),
        ("t.py::a[", "missing"),
        ("t.py::b[long", "failed"),
        ("t.py::c", "missing"),
    ],
)
def test_an_id_that_was_cut_stands_for_those_that_agree(id: str, word: str) -> None:
    words = {"t.py::a[x]": "passed", "t.py::a[y]": "failed", "t.py::b[long]": "failed"}
    assert _word(id, words) == word


def test_a_sandbox_that_gave_nothing_says_nothing_of_the_code() -> None:
    assert suite_of(Execution(ended="lost", code=None, stderr="gone")).came == "lost"
    assert suite_of(Execution(ended="exited", code=97)).came == "lost"


SCRIPT = "import sys, pkg\nsys.exit(2)\n"


@pytest.mark.parametrize(
    "module, reported, code",
    [
        ("x = 1\n", '{"code":2}', 2),
        ("import os\nos._exit(0)\n", "", 0),
        ("raise SystemExit(0)\n", '{"code":1}', 1),
        ("import sys\nsys.exit(0)\n", '{"code":1}', 1),
    ],
)
def test_only_a_script_itself_says_how_it_ended(
    grader: RepositoryGrader, module: str, reported: str, code: int
) -> None:
    errand = Errand(files={"pkg.py": module}, script=SCRIPT)
    ran = grader.sandbox.do_now(errand)
    assert (ran.reported, ran.code) == (reported, code)


@pytest.mark.parametrize("word, passed", [("error", True), ("missing", True), ("failed", False)])
def test_where_only_failures_count_nothing_else_does(word: str, passed: bool) -> None:
    reference = replace(REFERENCE, fail_only=True, pass_to_pass=())
    [case] = judged_cases(reference, {} if word == "missing" else {REFERENCE.fail_to_pass[0]: word})
    assert case.passed is passed
