"""Control groups: a bound on the processes and the memory of a sandbox that holds for root too.

Limits of resources do not bind user 0, and count memory by process. A group counts what all its
processes have together. Version 1 has a hierarchy for each controller, version 2 one for all
(Linux kernel documentation, admin-guide/cgroup-v1 and cgroup-v2.rst).
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from functools import cache
from itertools import count
from pathlib import Path
from typing import Literal

from msgspec import Struct

MOUNT = Path("/sys/fs/cgroup")
Controller = Literal["pids", "memory"]
CONTROLLERS: tuple[Controller, ...] = ("pids", "memory")
PREFIX = "tts-"
MOST_PIDS = "pids.max"
MOST_MEMORY = {1: "memory.limit_in_bytes", 2: "memory.max"}
LEAVING_SECONDS = 1.0
"""How long the processes of a worker that was killed may take to leave its group."""
_numbers = count()


class Place(Struct, frozen=True):
    """Where groups can be made: of each controller, the group that becomes their parent."""

    version: Literal[1, 2]
    parents: dict[Controller, Path]


class ControlGroup:
    """One group of processes, in every hierarchy of its place; close it when they are gone."""

    def __init__(self, place: Place) -> None:
        """Raises `OSError` where it cannot be made."""
        self._version = place.version
        name = f"{PREFIX}{os.getpid()}-{next(_numbers)}"
        self.folders = {one: parent / name for one, parent in place.parents.items()}
        self._each = tuple(set(self.folders.values()))
        for folder in self._each:
            folder.mkdir(exist_ok=True)

    def admit(self, pid: int) -> None:
        """Take in a process and all its descendants, none of which may be forking meanwhile."""
        for one in (pid, *descendants(pid)):
            for folder in self._each:
                (folder / "cgroup.procs").write_text(str(one))

    def bound(self, *, processes: int, memory: int) -> None:
        """The most processes and threads, and bytes of memory, of all together."""
        (self.folders["pids"] / MOST_PIDS).write_text(str(processes))
        (self.folders["memory"] / MOST_MEMORY[self._version]).write_text(str(memory))

    def close(self) -> None:
        """Take the group away once its processes have left; one that they do not leave stays."""
        deadline = time.monotonic() + LEAVING_SECONDS
        for folder in self._each:
            while not _removed(folder) and time.monotonic() < deadline:
                time.sleep(0.005)


def descendants(pid: int) -> Iterator[int]:
    """Children of a process, and theirs."""
    try:
        told = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return
    for child in map(int, told.split()):
        yield child
        yield from descendants(child)


@cache
def place() -> Place | str:
    """Where groups can be made here, found by making one; else why none can."""
    reasons: list[str] = []
    for version, parents in _candidates():
        found = Place(version, parents)
        _sweep(found)
        try:
            group = ControlGroup(found)
        except OSError as error:
            reasons.append(str(error.strerror or error))
            continue
        try:
            group.bound(processes=8, memory=1 << 30)
            return found
        except OSError as error:
            reasons.append(str(error.strerror or error))
        finally:
            group.close()
    return "; ".join(dict.fromkeys(reasons)) or "no control groups are mounted"


def _candidates() -> Iterator[tuple[Literal[1, 2], dict[Controller, Path]]]:
    """The own group, its parent and the topmost, of version 2 where that has the controllers."""
    own = _own_groups()
    if (MOUNT / "cgroup.controllers").exists():
        here = MOUNT / own.get("", "/").lstrip("/")
        for parent in dict.fromkeys((here, here.parent, MOUNT)):
            if parent.is_relative_to(MOUNT):
                yield 2, dict.fromkeys(CONTROLLERS, parent)
        return
    mounts: dict[Controller, Path] = {one: MOUNT / one for one in CONTROLLERS}
    if all(mount.is_dir() for mount in mounts.values()):
        yield 1, {one: mounts[one] / own.get(one, "/").lstrip("/") for one in CONTROLLERS}
        yield 1, mounts


def _own_groups() -> dict[str, str]:
    """Path of this process's group by controller; "" is version 2."""
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return {}
    parts = [line.split(":", 2) for line in lines]
    return {name: path for _, names, path in parts for name in names.split(",")}


def _sweep(found: Place) -> None:
    """Take away what engines that were killed left behind."""
    for parent in set(found.parents.values()):
        for folder in parent.glob(f"{PREFIX}*-*"):
            owner = folder.name.removeprefix(PREFIX).partition("-")[0]
            if not Path("/proc", owner).exists():
                _removed(folder)


def _removed(folder: Path) -> bool:
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
