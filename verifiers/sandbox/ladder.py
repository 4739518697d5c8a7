"""Which level of isolation this machine really gives: each is tried by programs that test it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from functools import cache

from msgspec import Struct

from tts.errors import IsolationTooLow
from tts.values import Exam
from tts.verifiers.sandbox.execution import LADDER, LEAST, Isolation, Limits, rung
from tts.verifiers.sandbox.inside import seccomp
from tts.verifiers.sandbox.worker import Worker, WorkerLost

PROBING = Limits(wall_seconds=10.0)
GOOD, BAD = "def double(n):\n    return 2 * n", "def double(n):\n    return 2 * n + 1"
KNOWN = Exam(entry="double", checks=("assert double(3) == 6", "assert double(-1) == -2"))
INTRUDER = """import os, socket
def seen(path):
    found = []
    try:
        open(path).read()
        found.append("files outside it can be read")
    except OSError:
        pass
    try:
        socket.socket()
        found.append("sockets can be opened")
    except OSError:
        pass
    try:
        os.kill(os.getppid(), 0)
        found.append("other processes can be signalled")
    except OSError:
        pass
    return found"""


class Rung(Struct, frozen=True):
    """One level: whether this machine gives it, and why not."""

    isolation: Isolation
    holds: bool
    reason: str = ""


def trial(worker: Worker) -> str:
    """Why a worker cannot be trusted with verdicts; empty where it can.

    A right program has to pass and a wrong one to fail: a sandbox whose interpreter does not start
    fails every program alike, which looks like a bad model.
    """
    good = worker.examine(GOOD, KNOWN, PROBING)
    if not good.passed:
        told = next((one.reason for one in good.checks if one.reason), good.stderr.strip())
        return f"a right program does not pass in it ({told or 'no verdict'})"
    bad = worker.examine(BAD, KNOWN, PROBING)
    if [one.outcome for one in bad.checks] != ["wrong", "wrong"]:
        return "a wrong program is not told from a right one in it"
    return ""


@cache
def probe(isolation: Isolation) -> Rung:
    """Try a level by really running programs at it; the result is kept for the process."""
    if isolation == "none":
        return Rung(isolation, False, "never used: limits at least are always there")
    if isolation == "namespaces" and shutil.which("bwrap") is None:
        return Rung(isolation, False, "bubblewrap is not installed (apt install bubblewrap)")
    if isolation != "rlimits" and not seccomp.known():
        return Rung(isolation, False, f"no seccomp table for {os.uname().machine}")
    worker = Worker(isolation)
    try:
        worker.start()
        reason = trial(worker) or _intrusion(worker)
    except WorkerLost as lost:
        reason = f"it does not start ({lost})"
    finally:
        worker.close()
    return Rung(isolation, not reason, reason)


def _intrusion(worker: Worker) -> str:
    """What a program could reach that its level promises to keep from it."""
    if worker.isolation == "rlimits":
        return ""
    with tempfile.NamedTemporaryFile("w") as canary:
        canary.write("canary")
        canary.flush()
        tests = Exam(
            entry="seen", checks=(f"found = seen({canary.name!r})\nassert not found, found",)
        )
        (check,) = worker.examine(INTRUDER, tests, PROBING).checks
    return "" if check.outcome == "passed" else f"in it {check.reason or check.outcome}"


def ladder() -> tuple[Rung, ...]:
    """Every level from the weakest, tried."""
    return tuple(probe(level) for level in LADDER)


def chosen(least: Isolation = LEAST, *, tried: Callable[[Isolation], Rung] = probe) -> Isolation:
    """The strongest level that holds here; raises `IsolationTooLow` where that is below `least`."""
    reasons = []
    for level in reversed(LADDER[rung(least) :]):
        if (found := tried(level)).holds:
            return level
        reasons.append(f"{level}: {found.reason}")
    raise IsolationTooLow(
        f"Generated code needs isolation of {least!r} at least, which this machine does not give "
        f"({'; '.join(reasons)}). Run it where it does, or {_instead(least, tried)}."
    )


def _instead(least: Isolation, tried: Callable[[Isolation], Rung]) -> str:
    """What may be accepted in place of a level that is not given: one that is, as far as there is any."""
    safe = LADDER[rung(LEAST) : rung(least)]
    given = next((one for one in reversed(safe) if tried(one).holds), None)
    if given is not None:
        return f"take --min-isolation {given}, which it gives"
    return "accept less by --unsafe-local alone, where the command has it"
