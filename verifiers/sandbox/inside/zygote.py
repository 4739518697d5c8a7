"""The first process in a sandbox: forks a confined child for every job, and leaves none behind.

It never reads a program or a test itself, so that nothing of one job is in the memory of the next:
the children read them from channels of their own before they confine themselves.
"""

from __future__ import annotations

import gc
import os
import resource
import select
import sys
import time

from tts.verifiers.sandbox.inside import confine
from tts.verifiers.sandbox.inside.errand import run_errand
from tts.verifiers.sandbox.inside.examiner import Stand, examine
from tts.verifiers.sandbox.inside.frames import LONGEST, read_frame, write_frame
from tts.verifiers.sandbox.inside.plain_json import dumps, loads
from tts.verifiers.sandbox.inside.player import play, script

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from collections.abc import Callable
    from typing import Any
else:
    import _signal as signal  # without the names as enums, which take long to load

BROKEN = 97
"""Exit code of a child that could not be confined, or did not understand its job."""
SWEEP_SECONDS = 10.0


class Pipe:
    """What is read from one pipe, up to a limit."""

    def __init__(self, fd: int, most: int) -> None:
        self.fd, self.most = fd, most
        self.body = bytearray()
        self.over = False

    def drain(self) -> bool:
        """Read once; False at its end, or above the limit."""
        part = os.read(self.fd, 65536)
        room = self.most - len(self.body)
        self.body += part[:room]
        self.over = len(part) > room
        return bool(part) and not self.over


def serve(control: int, programs: int, tests: int) -> None:
    """Do jobs until the engine hangs up."""
    confine.flag(confine.SUBREAPER, 1)
    confine.flag(confine.SET_DUMPABLE, 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    compile("", "<nothing>", "exec")  # the first one makes the types of syntax trees: 2 ms a child
    gc.disable()
    gc.freeze()
    while (frame := read_frame(control)) is not None:
        write_frame(control, dumps(_job(loads(frame), programs, tests)))


def _job(job: dict[str, Any], programs: int, tests: int) -> dict[str, Any]:
    limits = confine.Confinement(job["limits"])
    os.makedirs(limits.work, mode=0o700)
    out, err, verdict, asked, told = (os.pipe() for _ in range(5))
    examined = job["mode"] == "examine"
    errand = job["mode"] == "errand"
    candidate = _fork(
        lambda: (
            _errand(programs, limits, verdict[1])
            if errand
            else _candidate(programs, examined, limits, asked[0], told[1])
        ),
        {0: None, 1: out[1], 2: err[1]},
    )
    examiner = None
    if examined:
        examiner = _fork(
            lambda: _examiner(tests, limits, asked[1], told[0], verdict[1], job["patience"]),
            {0: None, 1: None, 2: None},
        )
    for fd in (out[1], err[1], verdict[1], *asked, *told):
        os.close(fd)
    pipes = [Pipe(out[0], job["output"]), Pipe(err[0], job["output"]), Pipe(verdict[0], LONGEST)]
    started = time.monotonic()
    ended = _watch(pipes, examiner or candidate, started + job["wall_seconds"])
    seconds = time.monotonic() - started
    status = _sweep()
    for pipe in pipes:
        os.close(pipe.fd)
    _remove(limits.work)
    code, cpu = status.get(candidate, (None, 0.0))
    return {
        "ended": ended,
        "code": code,
        "cpu_seconds": cpu,
        "seconds": seconds,
        "total_cpu_seconds": _total(),
        "stdout": pipes[0].body.decode("utf-8", "replace"),
        "stderr": pipes[1].body.decode("utf-8", "replace"),
        "verdicts": pipes[2].body.decode("utf-8", "replace"),
        "clean": not os.path.exists(limits.work),
    }


def _remove(folder: str) -> None:
    """Take a folder away with all in it, links not followed; what cannot go makes a fresh process
    take over."""
    try:
        for entry in os.scandir(folder):
            if entry.is_dir(follow_symlinks=False):
                _remove(entry.path)
            else:
                os.unlink(entry.path)
        os.rmdir(folder)
    except (OSError, RecursionError):
        return


def _fork(child: Callable[[], None], streams: dict[int, int | None]) -> int:
    """A child that never returns into this code."""
    pid = os.fork()
    if pid:
        return pid
    code = BROKEN
    try:
        for number, fd in streams.items():
            os.dup2(os.open(os.devnull, os.O_RDWR) if fd is None else fd, number)
        child()
        code = 0
    except BaseException as error:  # said where somebody may look for it  # noqa: BLE001
        os.write(2, f"{type(error).__name__}: {error}\n".encode()[:500])
    finally:
        os._exit(code)


def _candidate(
    programs: int, examined: bool, limits: confine.Confinement, asked: int, told: int
) -> None:
    job = loads(read_frame(programs) or b"")
    source, given, seconds = job["source"], job["stdin"].encode(), job["call_seconds"]
    asked, told = _only(asked, told)
    if given:
        path = os.path.join(limits.work, ".stdin")
        with open(path, "wb") as file:
            file.write(given)
        os.dup2(os.open(path, os.O_RDONLY), 0)
        os.unlink(path)
        os.closerange(told + 1, 256)
    del job, given
    confine.confine(limits)
    gc.enable()
    if examined:
        play(source, asked, told, seconds)
    else:
        script(source, [])


def _errand(programs: int, limits: confine.Confinement, verdict: int) -> None:
    """In a copy of a tree; what it reports of tests goes where its output does not."""
    job = loads(read_frame(programs) or b"")
    (verdict,) = _only(verdict)
    confine.confine(limits)
    gc.enable()
    run_errand(job, verdict)


def _examiner(
    tests: int, limits: confine.Confinement, asked: int, told: int, verdict: int, seconds: float
) -> None:
    job = loads(read_frame(tests) or b"")
    asked, told, verdict = _only(asked, told, verdict)
    confine.confine(limits)
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    gc.enable()
    stand = Stand(asked, told, seconds)
    found = examine(
        job["prelude"], job["entry"], job["checks"], stand, job["call_seconds"], job["timeouts"]
    )
    write_frame(verdict, dumps({"nonce": job["nonce"], "verdicts": found}))


def _only(*kept: int) -> list[int]:
    """Close every descriptor but the three streams and these, which move down to follow them."""
    high = [os.dup2(fd, 200 + place) for place, fd in enumerate(kept)]
    os.closerange(3, 200)
    low = [os.dup2(fd, 3 + place) for place, fd in enumerate(high)]
    os.closerange(3 + len(low), 256)
    return low


def _watch(pipes: list[Pipe], awaited: int, deadline: float) -> str:
    """Read until the awaited process ends: `exited`, `output` or `wall`."""
    watched = os.pidfd_open(awaited)
    poll = select.poll()
    by_fd = {pipe.fd: pipe for pipe in pipes}
    for fd in (watched, *by_fd):
        poll.register(fd, select.POLLIN | select.POLLHUP)
    try:
        while (left := deadline - time.monotonic()) > 0:
            ready = [fd for fd, _ in poll.poll(left * 1000)]
            for fd in ready:
                if fd in by_fd and not by_fd[fd].drain():
                    poll.unregister(fd)
                    if by_fd[fd].over:
                        return "output"
            if ready == [watched]:
                return "exited"
        return "wall"
    finally:
        os.close(watched)


def _sweep() -> dict[int, tuple[int, float]]:
    """Kill and reap all that is left; exit code and CPU seconds of each, signals as negatives.

    As the first process of its namespace it reaches everything in it. Elsewhere orphans come to it
    as the subreaper, so that having no child left is proof that nothing is.
    """
    found: dict[int, tuple[int, float]] = {}
    deadline = time.monotonic() + SWEEP_SECONDS
    while time.monotonic() < deadline:
        _kill()
        try:
            pid, status, used = os.wait4(-1, 0)
        except ChildProcessError:
            return found
        found[pid] = os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime
    sys.exit(BROKEN)


def _total() -> float:
    """Processor time of this process and of all jobs so far."""
    parts = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(part.ru_utime + part.ru_stime for part in parts)


def _kill() -> None:
    try:
        if os.getpid() == 1:
            os.kill(-1, signal.SIGKILL)
            return
        with open(f"/proc/self/task/{os.getpid()}/children") as file:
            for child in file.read().split():
                os.kill(int(child), signal.SIGKILL)
    except ProcessLookupError:
        return


def main(arguments: list[str]) -> None:
    """Entry point: the three channels, and whatever else was open is closed."""
    control, programs, tests = map(int, arguments)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    serve(control, programs, tests)
