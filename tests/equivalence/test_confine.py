import subprocess
import sys

import pytest


def confined(code: str) -> subprocess.CompletedProcess[str]:
    """Run code in a process that has confined itself."""
    start = "from tts.equivalence.confine import confine, Refused\nimport os, socket\n"
    script = f"{start}confine()\ntry:\n    {code}\nexcept Refused:\n    os._exit(7)\n"
    return subprocess.run(
        [sys.executable, "-c", script], check=False, capture_output=True, text=True
    )


@pytest.mark.parametrize(
    "code",
    [
        "eval('1+1')",
        "exec('x = 1')",
        "os.system('true')",
        "os.fork()",
        "socket.socket()",
        "open('/tmp/never', 'w')",
        "__import__('sympy').sympify('x+1')",
    ],
)
def test_a_confined_process_can_neither_evaluate_nor_reach_out(code: str) -> None:
    assert confined(code).returncode == 7


def test_a_confined_process_cannot_take_more_memory_than_its_share() -> None:
    found = confined("bytearray(300 * 2**20)")
    assert "MemoryError" in found.stderr
