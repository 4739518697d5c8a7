"""Which process holds a lease, and whether it still lives."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path
from secrets import token_hex

from msgspec import Struct

PROC = Path("/proc")


class Process(Struct, frozen=True, kw_only=True):
    """One opening of a ledger by one process."""

    token: str
    """Unlike any other's."""
    host: str
    """Machine, boot and process namespace: pids are comparable only within the same."""
    pid: int
    born: str
    """When the process started, in the kernel's ticks: a pid alone may be used again."""
    opened_at: float = 0.0
    """When it opened the ledger, in seconds since the epoch; known of this process alone."""

    @classmethod
    def current(cls) -> Process:
        return cls(
            token=token_hex(8),
            host=host(),
            pid=os.getpid(),
            born=born(os.getpid()) or "",
            opened_at=time.time(),
        )

    def lives(self, beat_at: float, now: float, *, patience: float) -> bool:
        """By its pid on this host; by its heartbeat, `patience` seconds at most ago, on another."""
        if self.host == host():
            return born(self.pid) == self.born
        return now - beat_at <= patience


def host() -> str:
    try:
        boot = (PROC / "sys/kernel/random/boot_id").read_text().strip()
        space = os.readlink(PROC / "self/ns/pid")
    except OSError:
        boot, space = "", ""
    return f"{socket.gethostname()} {boot} {space}".strip()


def born(pid: int) -> str | None:
    """Start time of a running process; None: there is none; empty: it cannot be told."""
    try:
        fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return signalled(pid)
    return None if fields[0] in "ZX" else fields[19]


def signalled(pid: int) -> str | None:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        return ""
    return None if PROC.joinpath("self").exists() else ""
