"""Trials in processes of their own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from tts.eval.tune.request import TrialRequest
from tts.eval.tune.trial import Failed, Measured, Outcome, Point
from tts.eval.tune.workload import WorkloadName

_COMMAND = (sys.executable, "-m", "tts.eval.tune.trial_process")
_LONGEST_REASON = 300
_CAUSE = re.compile(r"\b\w+(Error|Exception): .+")
"""The first one is told: what follows it is that other processes noticed."""
_QUIET = {"VLLM_LOGGING_LEVEL": "ERROR", "VLLM_NO_USAGE_STATS": "1"}


class ProcessRunner:
    """Starts a process per trial, so that memory is given back and a crash ends one trial only.

    `seconds`: after which a trial has failed. `command`: gets the paths of request and result.
    """

    def __init__(
        self,
        model: str,
        workload: WorkloadName,
        *,
        problems: int = 16,
        repeats: int = 3,
        seconds: float = 900.0,
        command: Sequence[str] = _COMMAND,
    ) -> None:
        self._model = model
        self._workload: WorkloadName = workload
        self._problems, self._repeats = problems, repeats
        self._seconds, self._command = seconds, tuple(command)

    def run(self, point: Point) -> Outcome:
        """Measure one setting."""
        asked = TrialRequest(
            model=self._model,
            workload=self._workload,
            point=dict(point),
            problems=self._problems,
            repeats=self._repeats,
        )
        with TemporaryDirectory() as name:
            request, result, said = (Path(name) / part for part in ("request", "result", "said"))
            request.write_bytes(msgspec.json.encode(asked))
            ended = self._ended([*self._command, str(request), str(result)], said)
            if ended is None and result.is_file():
                return msgspec.json.decode(result.read_bytes(), type=Measured)
            reason = ended or "the process wrote no result"
            return Failed(reason=_with_cause(reason, said))

    def _ended(self, command: Sequence[str], said: Path) -> str | None:
        """Run to the end, children included; how it failed, or None."""
        with said.open("wb") as out:
            process = subprocess.Popen(
                command,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=os.environ | _QUIET,
                start_new_session=True,
            )
            try:
                code = process.wait(self._seconds)
            except subprocess.TimeoutExpired:
                return f"not done after {self._seconds:g} s"
            finally:
                _kill_group(process)
        if code < 0:
            return f"the process was ended by signal {-code}"
        return f"the process ended with code {code}" if code else None


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """End what is left of a trial: vLLM's own processes outlive a killed parent."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _with_cause(reason: str, said: Path) -> str:
    lines = said.read_text("utf-8", "replace").strip().splitlines()
    causes = (found.group() for line in lines if (found := _CAUSE.search(line)))
    cause = next(causes, lines[-1].strip() if lines else "")
    return f"{reason}: {cause}"[:_LONGEST_REASON] if cause else reason
