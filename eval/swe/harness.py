"""The official harness of SWE-bench, where there is docker: files for it, its command, its report.

Its images hold what an instance needs of its time, so it grades what cannot be graded in the sandbox.
It is asked as a program of its own (`swebench eval`, version 5), since it brings 490 MB and imports
docker as soon as it is imported. Whether docker answers is tried, never assumed.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import Protocol

from msgspec import Struct

from tts.errors import BadInput, IsolationTooLow, UsageError
from tts.eval.statistics import Estimate, wilson
from tts.eval.swe.instance import Instance, write_rows
from tts.eval.swe.predictions import Prediction, write_predictions

SECONDS = 1_800
"""Of one instance, as the harness has it."""
ASKED = ("docker", "info", "--format", "{{.ServerVersion}}")
"""What only a daemon that answers can say."""
ROWS, PREDICTIONS = "rows.jsonl", "all_preds.jsonl"


class Done(Struct, frozen=True):
    """How a command ended, and the last line that it said."""

    code: int
    said: str = ""


class Commands(Protocol):
    """What runs commands."""

    def find(self, name: str) -> str | None:
        """Where a program is; None: nowhere."""
        ...

    def run(self, command: Sequence[str], folder: Path) -> Done:
        """Run a command in a folder until it ends."""
        ...


class MachineCommands:
    """Commands of this machine; programs beside this Python come first."""

    def find(self, name: str) -> str | None:
        beside = str(Path(sys.executable).parent)
        return shutil.which(name, path=beside) or shutil.which(name)

    def run(self, command: Sequence[str], folder: Path) -> Done:
        with TemporaryFile() as heard:
            done = subprocess.run(
                list(command), cwd=folder, stdout=heard, stderr=subprocess.STDOUT, check=False
            )
            heard.seek(0)
            lines = heard.read().decode("utf-8", "replace").strip().splitlines()
        return Done(done.returncode, " ".join(lines[-1].split()) if lines else "")


class KnownCommands:
    """Commands that end as they are told, by the program's name, and are written down."""

    def __init__(self, ends: Mapping[str, Done]) -> None:
        """A program without an end is not there."""
        self._ends = ends
        self.ran: list[tuple[str, ...]] = []

    def find(self, name: str) -> str | None:
        return name if name in self._ends else None

    def run(self, command: Sequence[str], folder: Path) -> Done:
        self.ran.append(tuple(command))
        return self._ends[command[0]]


def docker_lacks(commands: Commands) -> str:
    """Why there is no docker here, in words; empty where one answers."""
    if commands.find("docker") is None:
        return "there is no docker here"
    done = commands.run(ASKED, Path.cwd())
    if not done.code:
        return ""
    said = done.said.partition(". ")[0].rstrip(".") or f"exit code {done.code}"
    return f"docker does not answer here: {said}"


def harness_command(
    program: str, *, run_id: str, workers: int, instances: Sequence[str], predictions: str
) -> tuple[str, ...]:
    """`swebench eval` on the rows and one file of predictions; only these instances."""
    return (
        *(program, "eval", ROWS, "-p", predictions, "--run-id", run_id),
        *("-j", str(workers), "-t", str(SECONDS)),
        *(part for one in instances for part in ("-i", one)),
    )


class HarnessReport(Struct, frozen=True, kw_only=True):
    """What the harness said of one model; the denominator is what was asked for."""

    model: str
    instances: int
    resolved: Estimate
    infrastructure: int
    errors: int


def graded_by_harness(
    instances: Sequence[Instance],
    predictions: Sequence[Prediction],
    out: Path,
    *,
    run_id: str,
    workers: int,
    commands: Commands,
) -> list[HarnessReport]:
    """Have the harness grade predictions; its logs and reports lie in `out`, where it wrote them.

    Raises `IsolationTooLow` where docker does not answer, `UsageError` where the harness is not
    installed, `BadInput` where it ends without a report.
    """
    if lacking := docker_lacks(commands):
        raise IsolationTooLow(f"--harness grades in containers, and {lacking}.")
    program = commands.find("swebench")
    if program is None:
        raise UsageError("--harness needs the official harness: pip install 'swebench>=5'.")
    out.mkdir(parents=True, exist_ok=True)
    write_rows(out / ROWS, instances)
    found = []
    for number, model in enumerate(dict.fromkeys(one.model for one in predictions), 1):
        own = [one for one in predictions if one.model == model]
        name = f"{number}-{PREDICTIONS}"
        write_predictions(out / name, own)
        ids = [one.instance_id for one in own]
        command = harness_command(
            program, run_id=run_id, workers=workers, instances=ids, predictions=name
        )
        done = commands.run(command, out)
        found.append(_report(model, out, run_id, done, asked=len(instances)))
    return found


def _report(model: str, out: Path, run_id: str, done: Done, *, asked: int) -> HarnessReport:
    path = out / f"{model.replace('/', '__')}.{run_id}.json"
    try:
        told = json.loads(path.read_text())
        resolved = int(told["resolved_instances"])
        infra, errors = (int(told.get(f"{one}_instances", 0)) for one in ("infra_failure", "error"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        why = done.said or f"exit code {done.code}"
        raise BadInput(f"The harness left no report of {model} at {path}: {why}.") from error
    return HarnessReport(
        model=model,
        instances=asked,
        resolved=wilson(resolved, asked),
        infrastructure=infra,
        errors=errors,
    )
