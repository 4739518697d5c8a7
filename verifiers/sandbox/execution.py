"""What a sandbox is asked, what it answers, and the rungs of isolation it may stand on."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from tts.errors import UnknownName
from tts.values import Check

Isolation = Literal["none", "rlimits", "landlock", "namespaces"]
"""From weak to strong. `rlimits`: limits, a session and an environment of its own; `landlock`: no
files, network or signals beyond its own by Landlock and seccomp; `namespaces`: besides, a machine
of its own as far as processes, mounts and network go, by bubblewrap."""
LADDER: tuple[Isolation, ...] = Isolation.__args__  # type: ignore[attr-defined]
LEAST: Isolation = "landlock"
"""Below it, generated code is run only where somebody says `unsafe_local`."""
MEBIBYTE = 1024 * 1024


def rung(name: str) -> int:
    """Where a level stands, from 0; raises `UnknownName`."""
    for place, one in enumerate(LADDER):
        if one == name:
            return place
    raise UnknownName("isolation level", name, LADDER, flag="--min-isolation")


class Limits(Struct, frozen=True, kw_only=True):
    """What one execution may use; part of its key."""

    cpu_seconds: int = 3
    """Of processor time, by the process that runs the program: load on the machine counts not."""
    wall_seconds: float = 20.0
    """Ends what sleeps or waits; far above `cpu_seconds`, since a loaded machine is slow."""
    memory: int = 512 * MEBIBYTE
    """Bytes of address space of a process."""
    file_size: int = 16 * MEBIBYTE
    """Bytes of one file that is written."""
    output: int = MEBIBYTE
    """Bytes of each of its two streams; a program that writes more is ended."""
    processes: int = 1
    """1: it may start neither processes nor threads."""
    call_seconds: float = 0.0
    """Of processor time, by one call of the candidate; above it the call is a timeout and the next
    check goes on with the same process. 0: only `cpu_seconds` bounds it."""
    timeouts: int = 0
    """Checks that may end so before the rest are taken for timeouts; 0: any number."""
    threads: bool = False
    """It may start threads all the same; their stacks count to `memory`."""

    @property
    def several(self) -> bool:
        """Whether it may be more than one process or thread."""
        return self.threads or self.processes > 1


DEFAULT_LIMITS = Limits()

Ending = Literal["exited", "cpu", "wall", "output", "lost"]
"""How a program ended: by itself, at a limit, or with the sandbox itself (`lost`)."""


class Execution(Struct, frozen=True, kw_only=True):
    """A program that was run: what it wrote, how it ended, what it used."""

    ended: Ending
    code: int | None
    """Exit code; of a signal, its number below zero; None where it is not known."""
    stdout: str = ""
    stderr: str = ""
    cpu_seconds: float = 0.0
    seconds: float = 0.0
    """On the clock."""
    isolation: Isolation = "none"
    reported: str = ""
    """Of tests in a tree: their results as pytest counted them, JSON; empty where it came to none."""


class Errand(Struct, frozen=True, kw_only=True):
    """What is done in a copy of a tree of files: its tests are run, or a script."""

    files: dict[str, str]
    """By path from the root of the copy."""
    roots: tuple[str, ...] = (".",)
    """Folders of the copy that modules are found in."""
    packages: tuple[str, ...] = ()
    """Folders of this machine that modules are found in, behind the interpreter's own."""
    tests: tuple[str, ...] = ()
    """Files or ids that pytest is given; its results are what is `reported`."""
    script: str = ""
    """A program; where there is one, no tests are run."""


class Examination(Struct, frozen=True, kw_only=True):
    """A candidate examined by tests that ran in another process."""

    checks: tuple[Check, ...]
    cpu_seconds: float = 0.0
    seconds: float = 0.0
    isolation: Isolation = "none"
    stdout: str = ""
    stderr: str = ""

    @property
    def passed(self) -> bool:
        """Whether there were checks and every one passed."""
        return bool(self.checks) and all(one.outcome == "passed" for one in self.checks)

    @property
    def share(self) -> float:
        """The share of the checks that passed; 0 of none."""
        right = sum(one.outcome == "passed" for one in self.checks)
        return right / len(self.checks) if self.checks else 0.0
