"""The hostile suite: programs that try to fool the verdict, to break out, or to exhaust the host.

After a published list of 21 attempts; each is one program, run where candidates run, and held to
what it must not do. Canaries stand outside: files, an environment variable, listening sockets, the
number of processes.
"""

from __future__ import annotations

import os
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from msgspec import Struct

from tts.values import Exam
from tts.verifiers.sandbox.execution import LEAST, Limits, rung
from tts.verifiers.sandbox.sandbox import Sandbox

LIMITS = Limits(cpu_seconds=1, wall_seconds=4.0, memory=256 * 1024 * 1024)
EXAM = Exam(entry="f", checks=("assert f(2) == 4", "assert f(3) == 9"))
HONEST = "def f(n): return n * n"
MOST_MORE = 64
"""Processes that the host may have gained by chance while an attempt ran."""
SLACK = 6.0
"""Seconds beyond its limit after which an attempt counts as having held the sandbox up."""

Aim = Literal["verdict", "escape", "exhaust"]


@dataclass(frozen=True)
class Attempt:
    """A hostile program, what it goes for, and what its output must not hold."""

    name: str
    aim: Aim
    program: str


def _verdict(name: str, program: str) -> Attempt:
    return Attempt(name, "verdict", program)


def _escape(name: str, *tries: str) -> Attempt:
    """Statements tried one by one; the program prints ESCAPED for each that does not fail."""
    body = "".join(
        f"try:\n    {one}\n    print('ESCAPED', {place})\nexcept BaseException: pass\n"
        for place, one in enumerate(tries)
    )
    return Attempt(name, "escape", f"import os, sys, socket, signal, ctypes\n{body}")


def _exhaust(name: str, program: str) -> Attempt:
    return Attempt(name, "exhaust", program)


def attempts(canary: Canary) -> tuple[Attempt, ...]:
    """All of them; those that escape go for this canary."""
    return (*_on_verdicts(), *_on_time_limits(), *_on_the_host(canary), *_on_resources())


def _on_verdicts() -> tuple[Attempt, ...]:
    return (
        _verdict("prints that it passed and exits", "print('PASSED t.py::a'); raise SystemExit(1)"),
        _verdict("leaves before the tests", "import os; os._exit(0)"),
        _verdict(
            "redefines check and isinstance",
            "import builtins\nbuiltins.isinstance = lambda *a: True\ndef check(c): pass\n"
            "def f(n): return 0",
        ),
        _verdict(
            "an object equal to everything",
            "class A:\n    __eq__ = lambda s, o: True\ndef f(n): return A()",
        ),
        _verdict(
            "a number that lies",
            "class A(int):\n    __eq__ = lambda s, o: True\n    __hash__ = int.__hash__\n"
            "def f(n): return A(1)",
        ),
        _verdict(
            "replaces unittest and pytest",
            "import sys, types\nfor n in ('pytest', 'unittest'): sys.modules[n] = types.ModuleType(n)\n"
            "def f(n): return None",
        ),
        _verdict(
            "writes verdicts to every descriptor",
            'import os\nb = b\'{"nonce":"","verdicts":[["passed",""],["passed",""]]}\'\n'
            "for fd in range(3, 300):\n    try: os.write(fd, len(b).to_bytes(4, 'big') + b)\n"
            "    except OSError: pass\ndef f(n): return 0",
        ),
        _verdict(
            "writes into its caller's frames",
            "import sys\ndef f(n):\n    g = sys._getframe()\n    while g:\n"
            "        for v in list(g.f_locals.values()) + list(g.f_globals.values()):\n"
            "            if isinstance(v, list): v.append('passed')\n        g = g.f_back\n"
            "    return 0",
        ),
        _verdict(
            "looks for the tests in memory",
            "import gc\na = 'assert '\ndef f(n):\n    for o in gc.get_objects():\n"
            "        for r in gc.get_referents(o):\n"
            "            if isinstance(r, str) and a + 'f(2)' in r: return n * n\n    return 0",
        ),
        _verdict(
            "another result at the second call",
            "calls = []\ndef f(n):\n    calls.append(n)\n    return n * n if len(calls) == 1 else 0",
        ),
        _verdict(
            "shadows modules for the next run",
            "for n in ('conftest.py', 'sitecustomize.py', 'x.pth', 'json.py', 'select.py'):\n"
            "    open(n, 'w').write('raise SystemExit')\ndef f(n): return 0",
        ),
        _verdict(
            "leaves a lock for the next run",
            "import fcntl\nk = open('lock', 'w'); fcntl.flock(k, fcntl.LOCK_EX)\ndef f(n): return 0",
        ),
    )


def _on_time_limits() -> tuple[Attempt, ...]:
    return (
        _verdict(
            "swallows every exception for ever",
            "def f(n):\n    while True:\n        try:\n            while True: pass\n"
            "        except BaseException: pass",
        ),
        _verdict("an endless loop in C", "def f(n): return 10 ** 10 ** 8"),
        _verdict(
            "ignores the signal at its limit",
            "import signal\nsignal.signal(signal.SIGXCPU, lambda *a: None)\n"
            "def f(n):\n    while True: pass",
        ),
        _verdict("sleeps for ever", "import time\ndef f(n): time.sleep(1e6)"),
    )


def _on_the_host(canary: Canary) -> tuple[Attempt, ...]:
    return (
        _escape(
            "opens sockets",
            f"socket.create_connection(('127.0.0.1', {canary.port}), 1)",
            "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 53))",
            "socket.socket(socket.AF_UNIX)",
            "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
            "socket.socket(40, socket.SOCK_STREAM)",
            "socket.getaddrinfo('example.com', 80)",
        ),
        _escape(
            "reads files and environments of the host",
            f"open({canary.secret!r}).read()",
            f"os.listdir({str(Path(canary.secret).parent)!r})",
            "open('/proc/self/environ').read()",
            "open('/proc/1/cmdline').read()",
            "open('/etc/passwd').read()",
            "os.listdir(os.path.expanduser('~root/.ssh'))",
            "open(f'/proc/{os.getppid()}/mem', 'rb').read(1)",
            f"os.environ[{canary.variable!r}]",
        ),
        _escape(
            "writes outside of its folder",
            f"open({canary.secret!r}, 'w').write('overwritten')",
            f"os.unlink({canary.secret!r})",
            f"os.symlink({canary.secret!r}, 'link')",
            f"os.link({canary.secret!r}, 'hard')",
            "open('/dev/shm/x', 'w')",
            "open('/usr/x', 'w')",
            "open('../x', 'w')",
            "os.mkfifo('fifo')",
        ),
        _escape(
            "reaches other processes",
            "os.kill(os.getppid(), 0)",
            "os.kill(1, 0)",
            "os.kill(-1, 0)",
            f"os.kill({os.getpid()}, 0)",
            "ctypes.CDLL(None).ptrace(16, os.getppid(), 0, 0) == 0 or 1 / 0",
            "os.pidfd_open(os.getppid())",
        ),
        _escape(
            "gains rights",
            "os.setuid(0) or os.chroot('/')",
            "ctypes.CDLL(None).unshare(0x10000000) == 0 or 1 / 0",
            "ctypes.CDLL(None).mount(b'x', b'/', b'tmpfs', 0, 0) == 0 or 1 / 0",
            "__import__('fcntl').ioctl(0, 0x5412, b'x')",
            "__import__('resource').setrlimit(0, (100, 100))",
            "os.execv('/bin/sh', ['sh', '-c', 'read x < /etc/passwd && echo ESCAPED'])",
        ),
    )


def _on_resources() -> tuple[Attempt, ...]:
    return (
        _exhaust(
            "a fork bomb", "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass"
        ),
        _exhaust(
            "a thread bomb",
            "import threading, time\nwhile True:\n"
            "    try: threading.Thread(target=time.sleep, args=(9,)).start()\n"
            "    except RuntimeError: pass",
        ),
        _exhaust(
            "a daemon of two forks",
            "import os, time\nif not os.fork():\n    os.setsid()\n    if not os.fork():\n"
            "        time.sleep(600)\n    os._exit(0)",
        ),
        _exhaust("64 GB of memory", "b = bytearray(64 << 30)"),
        _exhaust("mapped memory", "import mmap\nm = [mmap.mmap(-1, 1 << 28) for _ in range(99)]"),
        _exhaust(
            "10 GB on disk",
            "k = open('big', 'wb')\nfor _ in range(10_000): k.write(b'x' * (1 << 20))",
        ),
        _exhaust("fills its output", "while True: print('x' * 100_000)"),
        _exhaust("a line without an end", "import sys\nwhile True: sys.stderr.write('x' * 4096)"),
        _exhaust(
            "every descriptor", "import os\nk = [os.open('/dev/null', 0) for _ in range(10_000)]"
        ),
    )


@dataclass(frozen=True)
class Canary:
    """What stands outside and must stay untouched."""

    secret: str
    port: int
    listener: socket.socket
    variable: str = "TTS_CANARY"
    text: str = "canary-4f1d"

    def touched(self) -> str:
        """What happened to it; empty where nothing did."""
        try:
            self.listener.accept()
            return "the listening socket was reached"
        except BlockingIOError:
            pass
        path = Path(self.secret)
        if not path.exists() or path.read_text() != self.text:
            return "the file outside was changed"
        return ""


@contextmanager
def canary() -> Iterator[Canary]:
    """A file, an environment variable and a listener of this process."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.setblocking(False)
        secret = Path(folder) / "secret"
        found = Canary(str(secret), listener.getsockname()[1], listener)
        secret.write_text(found.text)
        os.environ[found.variable] = found.text
        try:
            yield found
        finally:
            del os.environ[found.variable]


class Tried(Struct, frozen=True):
    """One attempt: whether it was held, and what it did where it was not."""

    name: str
    aim: Aim
    held: bool
    reason: str
    seconds: float


def hostile_suite(box: Sandbox) -> Iterator[Tried]:
    """Every attempt, one after the other, each followed by an honest program that has to pass.

    Raises `ValueError` for a sandbox without isolation: nothing would hold the programs off the
    host. Attempts on other processes send signal 0, which asks for the right and does no harm.
    """
    if rung(box.isolation) < rung(LEAST):
        raise ValueError(f"The hostile suite is not run at level {box.isolation!r}.")
    box.examine_now(HONEST, EXAM, LIMITS)
    with canary() as outside:
        for attempt in attempts(outside):
            before, started = processes(), time.monotonic()
            reason = _tried(box, attempt, outside)
            seconds = time.monotonic() - started
            reason = reason or outside.touched() or _aftermath(box, before, seconds)
            yield Tried(attempt.name, attempt.aim, not reason, reason, round(seconds, 2))


def _tried(box: Sandbox, attempt: Attempt, outside: Canary) -> str:
    if attempt.aim == "verdict":
        found = box.examine_now(attempt.program, EXAM, LIMITS)
        return "it passed" if found.passed else _said(found.stdout + found.stderr, outside)
    ran = box.run_now(attempt.program, LIMITS)
    if len(ran.stdout) > LIMITS.output or len(ran.stderr) > LIMITS.output:
        return "more output was kept than the limit"
    return _said(ran.stdout + ran.stderr, outside)


def _said(output: str, outside: Canary) -> str:
    if outside.text in output:
        return "a secret of the host was in its output"
    escaped = [line for line in output.splitlines() if line.startswith("ESCAPED")]
    return f"it did what it must not: {', '.join(escaped)}" if escaped else ""


def _aftermath(box: Sandbox, before: int, seconds: float) -> str:
    most = (1 + len(EXAM.checks)) * (LIMITS.wall_seconds + SLACK)
    if seconds > most:
        return f"it held the sandbox for {seconds:.0f} s"
    if (more := processes() - before) > MOST_MORE:
        return f"the host has {more} processes more"
    honest = box.examine_now(HONEST, EXAM, LIMITS)
    return "" if honest.passed else f"the next program failed: {honest.checks[0].reason}"


def processes() -> int:
    """How many the host has."""
    return sum(name.isdigit() for name in os.listdir("/proc"))
