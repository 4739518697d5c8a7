"""What a process gives up before it runs a line that it was sent; there is no way back."""

from __future__ import annotations

import os
import resource

from tts.verifiers.sandbox.inside import landlock, seccomp
from tts.verifiers.sandbox.inside.system_calls import packed, prctl, syscall

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SET_DUMPABLE, SET_SECUREBITS, SET_NO_NEW_PRIVS, SUBREAPER = 4, 28, 38, 36
NO_ROOT = 0x2F
"""User 0 gains nothing by being user 0, and this cannot be taken back."""
CAPSET = {"x86_64": 126, "aarch64": 91}
CAPABILITIES = 0x20080522
"""Version 3 of the header: each set in two words."""
OPEN_FILES = 64


class Confinement:
    """The limits of one process, as they come over the wire."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.cpu_seconds: int = told["cpu_seconds"]
        self.memory: int = told["memory"]
        self.file_size: int = told["file_size"]
        self.processes: int = told["processes"]
        self.threads: bool = told["threads"]
        self.landlock: bool = told["landlock"]
        self.seccomp: bool = told["seccomp"]
        self.readable: tuple[str, ...] = tuple(told["readable"])
        self.work: str = told["work"]


def flag(option: int, value: int) -> None:
    """One flag of this process; a kernel that lacks it is passed over."""
    try:
        prctl(option, value)
    except OSError:
        return


def confine(limits: Confinement) -> None:
    """Confine this process as far as its level says; raises OSError where it cannot be done."""
    os.setsid()
    os.chdir(limits.work)
    os.umask(0o077)
    _limit(limits)
    flag(SET_SECUREBITS, NO_ROOT)
    flag(SET_NO_NEW_PRIVS, 1)
    flag(SET_DUMPABLE, 0)
    if limits.landlock and landlock.abi():
        landlock.restrict(limits.readable, (limits.work, "/dev/null"))
    _drop_capabilities()
    if limits.seccomp:
        seccomp.install(alone=limits.processes == 1, threads=limits.threads)


def _limit(limits: Confinement) -> None:
    for what, most in (
        (resource.RLIMIT_AS, limits.memory),
        (resource.RLIMIT_FSIZE, limits.file_size),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))
    if not limits.threads:
        most = max(limits.processes, 1)
        resource.setrlimit(resource.RLIMIT_NPROC, (most, most))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds + 1))


def _drop_capabilities() -> None:
    """All three sets, of this process; `no_new_privs` and the secure bits keep them empty."""
    number = CAPSET.get(os.uname().machine)
    if number is None:
        return
    syscall(number, packed((CAPABILITIES, 4), (0, 4)), bytes(24))
