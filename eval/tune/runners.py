"""Who measures a setting: a process per trial, or a landscape that is known."""

from __future__ import annotations

import math
import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import msgspec
from msgspec import Struct

from tts.eval.tune.trial import Failed, Measured, Outcome, Point, Value, WorkloadName

_COMMAND = (sys.executable, "-m", "tts.eval.tune.trial_process")
_LONGEST_REASON = 300
_CAUSE = re.compile(r"\b\w+(Error|Exception): .+")
"""The first one is told: what follows it is that other processes noticed."""
_QUIET = {"VLLM_LOGGING_LEVEL": "ERROR", "VLLM_NO_USAGE_STATS": "1"}


class TrialRunner(Protocol):
    """Measures one setting; a crash is an outcome, not an error."""

    def run(self, point: Point) -> Outcome: ...


class TrialRequest(Struct, frozen=True, kw_only=True):
    """A model, a setting, and what to measure."""

    model: str
    """As it stands behind `vllm:`, options included."""
    workload: WorkloadName
    point: dict[str, Value]
    problems: int
    """That run at once."""
    repeats: int
    """Measured after one that is not."""


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


class SimulatedRunner:
    """Throughput with one peak, a region that runs out of memory, and ruggedness between.

    Wider steps help until the device is full, and slow down beyond it; what is wider than
    `memory` (requests times tokens of a step) fails as a killed process does. `rugged`: how far,
    as a share, neighbouring settings differ for no visible reason.
    """

    def __init__(self, *, peak: int = 128, memory: int = 1 << 21, rugged: float = 0.15) -> None:
        self._peak, self._memory, self._rugged = peak, memory, rugged
        self.points: list[dict[str, int | str]] = []
        """What was measured, in order."""

    def run(self, point: Point) -> Outcome:
        self.points.append(dict(point))
        width, tokens = int(point["max_num_seqs"]), int(point["max_num_batched_tokens"])
        if width * tokens > self._memory:
            return Failed(reason="the process was ended by signal 9")
        rate = self.rate(point)
        return Measured(rates=(rate * 0.99, rate, rate * 1.01))

    def rate(self, point: Point) -> float:
        """The true throughput of a setting that fits."""
        width = int(point["max_num_seqs"])
        filled = min(width, self._peak) / max(width, self._peak)
        digest = blake2b(repr(sorted(point.items())).encode(), digest_size=2).digest()
        noise = int.from_bytes(digest) / 0xFFFF
        return 10_000.0 * math.sqrt(filled) * (1.0 - self._rugged * noise)
