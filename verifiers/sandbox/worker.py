"""One sandbox process, and the three channels that lead into it."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from tts.errors import IsolationTooLow
from tts.values import Exam
from tts.verifiers.sandbox.cgroups import ControlGroup, Place, place
from tts.verifiers.sandbox.execution import (
    Errand,
    Examination,
    Execution,
    Isolation,
    Limits,
    rung,
)
from tts.verifiers.sandbox.inside.frames import HEAD, LONGEST, framed
from tts.verifiers.sandbox.launch import WORK, bundle, command, visible
from tts.verifiers.sandbox.verdicts import checks, ending

GRACE = 15.0
"""Seconds beyond a job's own limit after which the process is given up."""
OWN_PROCESSES, OWN_MEMORY = 4, 256 * 1024 * 1024
"""What a worker takes besides the program: bubblewrap, its first process, the judge; and their memory
with the work folder's."""
THREADS = 256
"""Of a program that may start them."""
LONGEST_LIFE = 1000
"""Jobs of one process; then a fresh one takes over."""


class WorkerLost(Exception):
    """The sandbox process died or fell silent: nothing is known of the candidate."""


@dataclass
class Worker:
    """A process at one level of isolation; jobs go one at a time. Blocking; close it at the end."""

    isolation: Isolation
    readable: tuple[str, ...] = ()
    """Folders that programs may read beside the interpreter's own."""
    groups: Callable[[], Place | str] = place
    """Where control groups can be made, or why none can."""
    jobs: int = 0
    total_cpu_seconds: float = 0.0
    """Processor time of the process and its jobs so far, the start of the interpreter included."""
    _group: ControlGroup | None = None
    _home: str = ""
    _channels: list[socket.socket] = field(default_factory=list)
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the process; raises `WorkerLost` where it cannot be."""
        self._home = "" if self.isolation == "namespaces" else tempfile.mkdtemp(prefix="tts-box-")
        pairs = [socket.socketpair() for _ in range(3)]
        numbers = [theirs.fileno() for _, theirs in pairs]
        try:
            self._process = subprocess.Popen(
                command(self.isolation, self.readable, numbers),
                pass_fds=numbers,
                env={"LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0"},
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            raise WorkerLost(str(error)) from error
        finally:
            for _, theirs in pairs:
                theirs.close()
        self._channels = [ours for ours, _ in pairs]
        try:
            self._channels[0].settimeout(GRACE)
            self._channels[0].sendall(bundle())
        except OSError as error:
            raise WorkerLost(str(error) or type(error).__name__) from error

    def run(self, source: str, limits: Limits, *, stdin: str = "") -> Execution:
        """Run a program as a script; raises `WorkerLost`."""
        program = {"source": source, "stdin": stdin, "call_seconds": 0.0}
        report = self._job("script", program, None, limits, 0.0)
        return self._execution(report, limits)

    def do(self, errand: Errand, limits: Limits) -> Execution:
        """Run tests or a script in a tree of files; raises `WorkerLost`."""
        report = self._job("errand", msgspec.to_builtins(errand), None, limits, 0.0)
        return self._execution(report, limits)

    def examine(self, source: str, tests: Exam, limits: Limits) -> Examination:
        """Run a program as a module and the tests against it; raises `WorkerLost`.

        The checks behind one that ended the candidate are left out.
        """
        nonce = secrets.token_hex(16)
        asked = {
            "prelude": tests.prelude,
            "entry": tests.entry,
            "checks": tests.checks,
            "call_seconds": limits.call_seconds,
            "timeouts": limits.timeouts,
        }
        program = {"source": source, "stdin": "", "call_seconds": limits.call_seconds}
        report = self._job(
            "examine", program, {**asked, "nonce": nonce}, limits, limits.wall_seconds
        )
        return Examination(
            checks=tuple(checks(report, tests, nonce, limits)),
            cpu_seconds=report["cpu_seconds"],
            seconds=report["seconds"],
            isolation=self.isolation,
            stdout=report["stdout"],
            stderr=report["stderr"],
        )

    def close(self) -> None:
        """End the process and all that it started, and take its folder away."""
        for channel in self._channels:
            channel.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        if self._group is not None:
            self._group.close()
        if self._home:
            shutil.rmtree(self._home, ignore_errors=True)
        self._channels, self._process, self._home, self._group = [], None, "", None

    @property
    def worn(self) -> bool:
        return self.jobs >= LONGEST_LIFE

    def _execution(self, report: dict[str, Any], limits: Limits) -> Execution:
        return Execution(
            ended=ending(report, limits),
            code=report["code"],
            stdout=report["stdout"],
            stderr=report["stderr"],
            cpu_seconds=report["cpu_seconds"],
            seconds=report["seconds"],
            isolation=self.isolation,
            reported=report["verdicts"][HEAD:],
        )

    def _job(
        self,
        mode: str,
        program: dict[str, Any],
        tests: dict[str, Any] | None,
        limits: Limits,
        patience: float,
    ) -> dict[str, Any]:
        self.jobs += 1
        if limits.several:
            self._bound(limits)
        job = {
            "mode": mode,
            "wall_seconds": limits.wall_seconds,
            "patience": patience,
            "output": limits.output,
            "limits": self._confinement(limits),
        }
        messages = [job, program, *([tests] if tests else [])]
        deadline = time.monotonic() + limits.wall_seconds + GRACE
        try:
            for channel, message in zip(self._channels, messages, strict=False):
                channel.settimeout(max(0.1, deadline - time.monotonic()))
                channel.sendall(framed(json.dumps(message).encode()))
            report: dict[str, Any] = json.loads(self._frame(deadline))
        except (OSError, ValueError) as error:
            raise WorkerLost(str(error) or type(error).__name__) from error
        self.total_cpu_seconds = report["total_cpu_seconds"]
        if not report["clean"]:
            self.jobs = LONGEST_LIFE
        return report

    def _bound(self, limits: Limits) -> None:
        """Count all processes of the worker together; raises `IsolationTooLow` where as root none
        of the limits would hold their number.

        A job of one process needs no group: seccomp refuses it a second one, whoever it runs as.
        """
        found = self.groups()
        if isinstance(found, str):
            if limits.processes > 1 and os.geteuid() == 0:
                raise IsolationTooLow(
                    f"A program of {limits.processes} processes is bounded by nothing here: limits "
                    f"do not bind root, and no control group can be made ({found})."
                )
            return
        if self._group is None and self._process is not None:
            self._group = ControlGroup(found)
            self._group.admit(self._process.pid)
        if self._group is not None:
            most = OWN_PROCESSES + limits.processes + (THREADS if limits.threads else 0)
            memory = limits.memory * limits.processes + OWN_MEMORY
            self._group.bound(processes=most, memory=memory)

    def _confinement(self, limits: Limits) -> dict[str, Any]:
        held = rung(self.isolation) >= rung("landlock")
        return {
            "cpu_seconds": limits.cpu_seconds,
            "memory": limits.memory,
            "file_size": limits.file_size,
            "processes": limits.processes,
            "threads": limits.threads,
            "landlock": held,
            "seccomp": held,
            "readable": visible(self.readable),
            "work": f"{self._home or WORK}/{secrets.token_hex(6)}",
        }

    def _frame(self, deadline: float) -> bytes:
        head = self._exactly(HEAD, deadline)
        size = int.from_bytes(head, "big")
        if size > 8 * LONGEST:
            raise ValueError(f"a report of {size} bytes")
        return self._exactly(size, deadline)

    def _exactly(self, size: int, deadline: float) -> bytes:
        body = b""
        while len(body) < size:
            self._channels[0].settimeout(max(0.1, deadline - time.monotonic()))
            part = self._channels[0].recv(size - len(body))
            if not part:
                raise ValueError("the sandbox process ended")
            body += part
        return body
