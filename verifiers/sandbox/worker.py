"""One sandbox process, and the three channels that lead into it."""

from __future__ import annotations

import json
import marshal
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from tts.errors import IsolationTooLow
from tts.values import Check, Exam
from tts.verifiers.sandbox.cgroups import ControlGroup, Place, place
from tts.verifiers.sandbox.execution import (
    Ending,
    Errand,
    Examination,
    Execution,
    Isolation,
    Limits,
    rung,
)
from tts.verifiers.sandbox.inside import zygote
from tts.verifiers.sandbox.inside.frames import HEAD, LONGEST, framed

INSIDE = Path(zygote.__file__).parent
PACKAGES = ("tts", "tts.verifiers", "tts.verifiers.sandbox", "tts.verifiers.sandbox.inside")
MODULES = (
    *(
        "plain_json",
        "frames",
        "player",
        "errand",
        "system_calls",
        "landlock",
        "seccomp",
        "confine",
        "examiner",
    ),
    "zygote",
)
"""The sandbox's own modules, each behind those that it imports."""
BOOT = f"""import sys, marshal, posix
kind = type(sys)
for name in {PACKAGES}:
    sys.modules[name] = kind(name); sys.modules[name].__path__ = []
def read(size):
    body = b""
    while len(body) < size:
        part = posix.read(int(sys.argv[1]), size - len(body))
        if not part: sys.exit(1)
        body += part
    return body
for name, code in marshal.loads(read(int.from_bytes(read({HEAD}), "big"))):
    made = sys.modules[name] = kind(name)
    setattr(sys.modules["{PACKAGES[-1]}"], name.rpartition(".")[2], made)
    exec(code, made.__dict__)
made.main(sys.argv[1:])"""
"""Runs the modules from code that comes first on the control channel: nothing is looked up, read or
compiled, and none of the packages that lie above them is loaded."""
SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache")
WORK = "/box"
WORK_BYTES = 64 * 1024 * 1024
GRACE = 15.0
"""Seconds beyond a job's own limit after which the process is given up."""
UNJUDGED = "the tests gave no verdict"
"""Why a check is lost where the judge's process ended, mostly by what the check computes."""
OWN_PROCESSES, OWN_MEMORY = 4, 256 * 1024 * 1024
"""What a worker takes besides the program: bubblewrap, its first process, the judge; and their memory
with the work folder's."""
THREADS = 256
"""Of a program that may start them."""
LONGEST_LIFE = 1000
"""Jobs of one process; then a fresh one takes over."""


class WorkerLost(Exception):
    """The sandbox process died or fell silent: nothing is known of the candidate."""


def interpreter() -> str:
    """The interpreter itself, behind environments and links."""
    base: str = getattr(sys, "_base_executable", None) or sys.executable
    return os.path.realpath(base)


@cache
def bundle() -> bytes:
    """The code of the modules, for an interpreter of this version, as a frame."""
    code = [
        (
            f"{PACKAGES[-1]}.{name}",
            compile((INSIDE / f"{name}.py").read_text(), name, "exec", optimize=2),
        )
        for name in MODULES
    ]
    return framed(marshal.dumps(code))


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
                [*self._wrapping(), *self._command(numbers)],
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
            checks=tuple(_checks(report, tests, nonce, limits)),
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
            ended=_ending(report, limits),
            code=report["code"],
            stdout=report["stdout"],
            stderr=report["stderr"],
            cpu_seconds=report["cpu_seconds"],
            seconds=report["seconds"],
            isolation=self.isolation,
            reported=report["verdicts"][HEAD:],
        )

    def _command(self, numbers: list[int]) -> list[str]:
        return [interpreter(), "-P", "-s", "-S", "-B", "-c", BOOT, *map(str, numbers)]

    def _readable(self) -> list[str]:
        roots = [sys.base_prefix, str(Path(interpreter()).parent.parent)]
        return [*dict.fromkeys((*SYSTEM, *map(os.path.realpath, roots), *self.readable))]

    def _wrapping(self) -> list[str]:
        """The command of bubblewrap, where the level asks for it."""
        if self.isolation != "namespaces":
            return []
        binds = [part for path in self._readable() for part in ("--ro-bind-try", path, path)]
        return [
            *("bwrap", "--unshare-all", "--unshare-user", "--die-with-parent", "--new-session"),
            *("--as-pid-1", "--cap-drop", "ALL", "--uid", "65534", "--gid", "65534"),
            *("--hostname", "sandbox", *binds, "--dev-bind", "/dev/null", "/dev/null"),
            *("--size", str(WORK_BYTES), "--perms", "0700", "--tmpfs", WORK, "--remount-ro", "/"),
            *("--chdir", WORK),
        ]

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
            "readable": self._readable(),
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


def _ending(report: dict[str, Any], limits: Limits) -> Ending:
    if report["code"] == -signal.SIGXCPU or report["cpu_seconds"] >= limits.cpu_seconds:
        return "cpu"
    ended: Ending = report["ended"]
    return ended


def _checks(report: dict[str, Any], tests: Exam, nonce: str, limits: Limits) -> list[Check]:
    """The verdicts as the examiner sent them, or why there are none."""
    ending = _ending(report, limits)
    if ending == "output":
        return [Check("output", f"more than {limits.output} bytes")] * len(tests.checks)
    if ending == "wall":
        return [Check("timeout", f"{limits.wall_seconds:g} s on the clock")] * len(tests.checks)
    verdicts = _verdicts(report["verdicts"], nonce)
    if verdicts is None:
        return [Check("lost", UNJUDGED)] * len(tests.checks)
    found = [Check(outcome, reason) for outcome, reason in verdicts if outcome != "unseen"]
    if ending == "cpu":
        late = Check("timeout", f"{limits.cpu_seconds} s of processor time")
        found = [late if one.outcome == "ended" else one for one in found]
    return found


def _verdicts(body: str, nonce: str) -> list[Any] | None:
    try:
        told = json.loads(body[HEAD:])
        return told["verdicts"] if secrets.compare_digest(told["nonce"], nonce) else None
    except (ValueError, KeyError, TypeError):
        return None
