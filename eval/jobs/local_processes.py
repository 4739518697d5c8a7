"""Workers as processes of this machine: the cluster that is always there."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator, Sequence
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from threading import Thread

from tts.eval.jobs.cluster import LEAVE, Ended, Node, Report, Work

SPAWN = get_context("spawn")


class LocalProcesses:
    """A `Cluster` of one node. It is told how many processes it may start."""

    def __init__(self, room: int) -> None:
        self._node = Node(id="here", host=socket.gethostname(), room=room)
        self._processes: dict[SpawnProcess, Connection] = {}

    def nodes(self) -> list[Node]:
        return [self._node]

    def start(self, node: Node, work: Work) -> None:
        ours, theirs = SPAWN.Pipe(duplex=False)
        process = SPAWN.Process(target=_work, args=(work, theirs), daemon=True)
        process.start()
        theirs.close()
        self._processes[process] = ours

    @property
    def working(self) -> int:
        return len(self._processes)

    @property
    def pids(self) -> list[int]:
        """Of those that work."""
        return [process.pid for process in self._processes if process.pid is not None]

    def ended(self, seconds: float) -> list[Ended]:
        gone = wait([process.sentinel for process in self._processes], timeout=seconds)
        return list(self._told([one for one in self._processes if one.sentinel in gone]))

    def _told(self, gone: Sequence[SpawnProcess]) -> Iterator[Ended]:
        for process in gone:
            process.join()
            told = self._processes.pop(process)
            try:
                report = told.recv() if told.poll() else None
            except EOFError:
                report = None
            told.close()
            reason = "" if report else f"process {process.pid} ended with {process.exitcode}"
            yield Ended(node=self._node, report=report, reason=reason)

    def stop(self) -> None:
        for pid in self.pids:
            os.kill(pid, signal.SIGINT)

    def close(self) -> None:
        for process in self._processes:
            process.join(LEAVE if process.exitcode is None else 0)
            process.kill()
        self._processes.clear()


def _work(work: Work, told: Connection) -> None:
    """In a group of its own: a terminal's Ctrl-C reaches the parent, who passes it on once."""
    os.setpgrp()
    Thread(target=_outlive_nobody, daemon=True).start()
    report: Report = work()
    told.send(report)
    told.close()


def _outlive_nobody() -> None:
    """End in order once the parent is gone, however it went."""
    parent = parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os.kill(os.getpid(), signal.SIGINT)
