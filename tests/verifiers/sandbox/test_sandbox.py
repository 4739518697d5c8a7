from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.errors import IsolationTooLow, UnknownName
from tts.verifiers.sandbox import Exam, Isolation, Limits, Rung, Sandbox, chosen
from tts.verifiers.sandbox.execution import rung
from tts.verifiers.sandbox.inside.frames import BadFrame, Opaque, decoded, encoded

SQUARE = Exam(entry="f", checks=("assert f(3) == 9", "assert f(-2) == 4"))
BRIEF = Limits(cpu_seconds=1, wall_seconds=5.0)


def outcomes(box: Sandbox, program: str, tests: Exam = SQUARE) -> list[str]:
    return [check.outcome for check in box.examine_now(program, tests, BRIEF).checks]


def test_a_right_program_passes_and_a_wrong_one_fails(box: Sandbox) -> None:
    assert outcomes(box, "def f(n):\n    return n * n") == ["passed", "passed"]
    assert outcomes(box, "def f(n):\n    return n * 3") == ["passed", "wrong"]


def test_a_verdict_says_at_which_level_it_was_found(box: Sandbox) -> None:
    assert box.examine_now("def f(n): return n * n", SQUARE).isolation == box.isolation


def test_a_timeout_is_told_apart_from_a_wrong_answer_and_from_an_error(box: Sandbox) -> None:
    assert outcomes(box, "def f(n):\n    while True: pass") == ["timeout", "timeout"]
    assert outcomes(box, "def f(n):\n    return n / 0") == ["error", "error"]


def test_what_a_check_ends_is_started_again_for_the_next(box: Sandbox) -> None:
    program = "import os\ndef f(n):\n    if n < 0: return n * n\n    os._exit(0)"
    assert outcomes(box, program) == ["ended", "passed"]


@pytest.mark.parametrize(
    "program",
    [
        "import os; os._exit(0)",
        "print('PASSED'); raise SystemExit(0)",
        "class A:\n    __eq__ = lambda s, o: True\ndef f(n): return A()",
        "class A(int):\n    __eq__ = lambda s, o: True\ndef f(n): return A(1)",
        "import builtins\nbuiltins.isinstance = lambda *a: True\ndef f(n): return 1",
        "import sys\ndef f(n):\n    g = sys._getframe()\n    while g: g.f_locals['found'] = 1; g = g.f_back",
        "def f(n):\n    raise AssertionError\nimport gc; gc.disable()",
    ],
)
def test_no_program_reaches_its_own_verdict(box: Sandbox, program: str) -> None:
    assert "passed" not in outcomes(box, program)


def test_a_forged_frame_is_a_value_and_no_verdict(box: Sandbox) -> None:
    program = (
        'import os\nbody = b\'{"nonce": "", "verdicts": [["passed", ""], ["passed", ""]]}\'\n'
        "for fd in range(3, 60):\n"
        "    try: os.write(fd, len(body).to_bytes(4, 'big') + body)\n"
        "    except OSError: pass\n"
        "def f(n): return 0"
    )
    assert "passed" not in outcomes(box, program)


def test_a_script_has_its_input_its_output_and_its_exit_code(box: Sandbox) -> None:
    ran = box.run_now("print(int(input()) + 1)\nraise SystemExit(3)", stdin="41\n")
    assert (ran.stdout, ran.code, ran.ended) == ("42\n", 3, "exited")


def test_output_is_kept_up_to_its_limit_and_ends_the_program(box: Sandbox) -> None:
    ran = box.run_now("while True: print('x' * 1000)", Limits(output=10_000))
    assert ran.ended == "output"
    assert len(ran.stdout) == 10_000


def test_no_network_and_no_file_of_the_host_is_reached(box: Sandbox) -> None:
    ran = box.run_now(
        "import os, socket\n"
        "for path in ('/etc/passwd', '/proc/self/environ', os.path.expanduser('~')):\n"
        "    try: print(open(path).read() if os.path.isfile(path) else os.listdir(path))\n"
        "    except OSError: pass\n"
        "try: print(socket.socket())\nexcept OSError: pass\n"
    )
    assert (ran.stdout, ran.code) == ("", 0)


def test_neither_processes_nor_threads_are_started(box: Sandbox) -> None:
    program = (
        "import os, threading\n"
        "for begin in (os.fork, threading.Thread(target=print).start):\n"
        "    try: begin(); print('begun')\n"
        "    except (OSError, RuntimeError): pass\n"
    )
    assert box.run_now(program).stdout == ""


def test_memory_is_bounded(box: Sandbox) -> None:
    assert "MemoryError" in box.run_now("b'x' * (2 << 30)").stderr


def test_nothing_of_one_job_is_left_for_the_next(box: Sandbox) -> None:
    box.run_now("open('left', 'w').write('secret')")
    assert (
        box.run_now("import os; print(os.listdir('.'), os.listdir('..'))").stdout.count("left") == 0
    )


def test_no_process_is_left_when_a_result_is_there(box: Sandbox) -> None:
    box.run_now("pass")
    worker = box._idle[0]
    assert worker._process is not None
    children = f"/proc/{worker._process.pid}/task/{worker._process.pid}/children"
    before = Path(children).read_text()
    box.run_now("while True: pass", BRIEF)
    assert Path(children).read_text() == before


def test_isolation_fails_closed() -> None:
    with pytest.raises(UnknownName):
        rung("vault")
    with pytest.raises(IsolationTooLow, match="--unsafe-local"):
        chosen("namespaces", tried=lambda level: Rung(level, False, "not here"))


def test_a_level_that_is_not_given_is_answered_by_the_strongest_that_is() -> None:
    def tried(level: Isolation) -> Rung:
        return Rung(level, level != "namespaces", "bubblewrap is not installed")

    with pytest.raises(IsolationTooLow, match="take --min-isolation landlock") as caught:
        chosen("namespaces", tried=tried)
    assert "--unsafe-local" not in str(caught.value)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.complex_numbers(allow_nan=False),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(VALUES)
def test_a_plain_value_crosses_unchanged(value: object) -> None:
    found = decoded(encoded(value))
    assert found == value
    assert type(found) is type(value)


@given(st.binary(max_size=200))
def test_bytes_that_are_no_value_are_refused(body: bytes) -> None:
    try:
        decoded(body)
    except BadFrame:
        return


def test_an_object_arrives_as_something_equal_to_nothing() -> None:
    found = decoded(encoded(object()))
    assert isinstance(found, Opaque) and found and found != 1


HASTY = Limits(cpu_seconds=3, wall_seconds=10.0, call_seconds=0.1, timeouts=2)


def test_a_call_that_takes_too_long_is_a_timeout_and_the_next_check_goes_on(box: Sandbox) -> None:
    tests = Exam(entry="f", checks=("assert f(0) == 0", "assert f(1)", "assert f(0) == 0"))
    program = "def f(n):\n    while n: pass\n    return 0"
    found = box.examine_now(program, tests, HASTY)
    assert [one.outcome for one in found.checks] == ["passed", "timeout", "passed"]


def test_after_so_many_timeouts_the_rest_are_taken_for_timeouts(box: Sandbox) -> None:
    tests = Exam(entry="f", checks=("assert f(1)",) * 40)
    found = box.examine_now("def f(n):\n    while n: pass", tests, HASTY)
    assert {one.outcome for one in found.checks} == {"timeout"}
    assert found.cpu_seconds < 1


def test_a_test_that_takes_too_long_itself_is_an_error_and_no_timeout_of_the_program(
    box: Sandbox,
) -> None:
    tests = Exam(entry="f", checks=("while True: pass", "assert f(0) == 0"))
    found = box.examine_now("def f(n):\n    return n", tests, HASTY)
    assert [one.outcome for one in found.checks] == ["error", "passed"]
