"""Workers on several nodes: where they go, and what became of them.

A cluster only starts processes and tells how they ended. What they work at, and what of it is done,
is in the ledger: a worker that is lost is nothing but a process of the job that died.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from typing import Protocol

from msgspec import Struct

from tts.errors import BadInput, UsageError

LEAVE = 35.0
"""Seconds that workers have to end in order: a little more than calls in flight are waited for."""


class Node(Struct, frozen=True, kw_only=True):
    """A place for workers."""

    id: str
    host: str
    """Its machine; several nodes may be on one."""
    room: int
    """Workers that fit on it: one a processor."""

    @property
    def named(self) -> str:
        return f"{self.host} ({self.id[:6]})"


class Report(Struct, frozen=True, kw_only=True):
    """How a worker ended, in its own words."""

    code: int
    """As of the command that works in one process."""
    said: str = ""
    """Why it could not work; empty: it could."""


class Ended(Struct, frozen=True, kw_only=True):
    """A worker that is not there any more."""

    node: Node
    report: Report | None
    """None: it was lost, with its node or alone."""
    reason: str = ""
    """Of a lost one, as far as it is known."""


Work = Callable[[], Report]
"""What a worker does; it is sent to its node, and whoever reads it there has this package."""


class Cluster(Protocol):
    """Starts workers and never starts one again. Raises `UsageError` where it is out of reach."""

    def nodes(self) -> list[Node]:
        """Those that are there now and have room."""
        ...

    def start(self, node: Node, work: Work) -> None: ...

    @property
    def working(self) -> int:
        """Workers that were started and have not been told of as ended."""
        ...

    def ended(self, seconds: float) -> list[Ended]:
        """Those that ended since the last look; waits so long for a first one."""
        ...

    def stop(self) -> None:
        """Ask every worker to end in order."""
        ...

    def close(self) -> None:
        """End what is still there."""
        ...


def places(nodes: Sequence[Node], workers: int | None, *, ledger: str) -> list[Node]:
    """A node for each worker, in turn; None: one on every node.

    Raises `UsageError` where there is no room for so many, or where they could not share the ledger.
    """
    if not nodes:
        raise UsageError("The cluster has no node with a processor for a worker.")
    wanted = len(nodes) if workers is None else workers
    if wanted > (room := sum(node.room for node in nodes)):
        raise UsageError(
            f"The cluster has room for {room} workers, a processor each, and not for {wanted}."
        )
    rounds = max(node.room for node in nodes)
    free = [node for turn in range(rounds) for node in nodes if turn < node.room]
    chosen = free[:wanted]
    _refuse_file(chosen, ledger)
    return chosen


def _refuse_file(chosen: Sequence[Node], ledger: str) -> None:
    """A SQLite ledger is a file of one machine."""
    if ledger.startswith("postgresql"):
        return
    several, hosts = len({node.id for node in chosen}), {node.host for node in chosen}
    if several > 1 or hosts != {socket.gethostname()}:
        where = f"{several} nodes" if several > 1 else f"node {chosen[0].named}"
        raise BadInput(
            f"The ledger {ledger} is a file of this machine, and workers on {where} cannot share it: "
            "give a --ledger postgresql+psycopg://… that every node reaches."
        )
