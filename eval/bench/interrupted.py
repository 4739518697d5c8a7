"""A process that runs a plan which never ends, interrupted by Ctrl-C."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

INTERRUPTED = (
    "hangs",
    "hangs_in_its_thread",
    "ignores_its_cancellation",
    "ignores_everything",
    "planner",
)
"""Tools of `bad_tools` that never answer, and a planner that stops in the middle."""


def seconds_to_end(name: str, patience: float) -> float | None:
    """From the interrupt to the end of the process; None: it had to be killed."""
    command = [sys.executable, "-m", "tts.eval.bench.interrupted_process", name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        started = time.monotonic()
        try:
            process.communicate(timeout=patience)
        except subprocess.TimeoutExpired:
            process.kill()
            return None
        return time.monotonic() - started
