"""The process that serves: it is ready, or says why not, and never outlives who started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tts.backends.llama_cpp import LlamaServer
from tts.errors import UsageError

GGUF = Path("model.gguf")
SERVES = (
    "import sys, json; told = json.loads(sys.stdin.readline()); "
    "print(json.dumps({'url': 'http://127.0.0.1:%d/' % told['port']}), flush=True); "
    "sys.stdin.read()"
)
FAILS = 'import sys; sys.stdin.readline(); print(\'{"error": "no such architecture"}\', flush=True)'
LACKS = 'import sys; sys.stdin.readline(); print(\'{"error": "the package xllamacpp is not installed"}\')'
CRASHES = "import sys; sys.stderr.write('first\\nout of memory\\n\\n'); sys.exit(3)"
STARTS = """
import subprocess, sys, time
from pathlib import Path
from tts.backends.llama_cpp import LlamaServer
with LlamaServer(Path("m"), name="m", command=(sys.executable, "-c", sys.argv[1])) as server:
    print(server._process.pid, flush=True)
    time.sleep(600)
"""


def served(program: str, *, port: int = 0, ready: float = 30.0) -> LlamaServer:
    command = (sys.executable, "-c", program)
    return LlamaServer(GGUF, name="m", port=port, ready=ready, command=command)


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"


def test_a_served_model_has_an_address_for_as_long_as_the_block_lasts() -> None:
    with served(SERVES, port=4711) as server:
        process = server._process
        assert server.url == "http://127.0.0.1:4711/v1"
        assert process is not None and process.poll() is None
    assert process.poll() == 0


@pytest.mark.parametrize(
    ("program", "said"),
    [
        (FAILS, "llama.cpp cannot serve model.gguf: no such architecture."),
        (CRASHES, "llama.cpp cannot serve model.gguf: out of memory."),
        ("", "llama.cpp cannot serve model.gguf: it ended at once."),
        ("print('hello')", "llama.cpp cannot serve model.gguf: it ended at once."),
        (LACKS, "Serving a GGUF file needs xllamacpp: pip install 'tts-engine[real]'."),
    ],
)
def test_what_cannot_be_served_is_told_in_one_line(program: str, said: str) -> None:
    with pytest.raises(UsageError) as caught, served(program):
        pass
    assert str(caught.value) == said


def test_a_port_in_use_is_named() -> None:
    with (
        pytest.raises(UsageError, match=r"model\.gguf on port 4711: no such"),
        served(FAILS, port=4711),
    ):
        pass


def test_a_model_that_never_gets_ready_is_given_up_and_its_process_ended() -> None:
    server = served("import time; time.sleep(600)", ready=0.2)
    with pytest.raises(UsageError, match=r"it was not loaded within 0\.2 s"), server:
        pass
    assert server._process is None


def test_the_process_ends_with_one_that_is_killed() -> None:
    command = [sys.executable, "-c", STARTS, SERVES]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert not gone(child)
        parent.send_signal(signal.SIGKILL)
    while not gone(child):
        time.sleep(0.02)
