"""Where workers go; workers in processes of this machine, on a ledger that they share."""

from __future__ import annotations

import os
import signal
import socket
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tts.backends.fault_server import FaultPlan, Latency
from tts.cli.workers import work_away
from tts.errors import BadInput, UsageError
from tts.eval.bench.processes import ServerProcess
from tts.eval.jobs.cluster import Node, places
from tts.eval.jobs.local_processes import LocalProcesses

POSTGRES = "postgresql+psycopg://u@h/d"
pytestmark = pytest.mark.timeout(180)  # processes of their own, on a busy machine
SLOW = FaultPlan(dialect="openai", latency=Latency(median=0.1))


def node(name: str, room: int = 2, host: str = "") -> Node:
    return Node(id=name, host=host or socket.gethostname(), room=room)


def test_unless_told_otherwise_there_is_a_worker_on_every_node() -> None:
    assert places([node("a"), node("b")], None, ledger=POSTGRES) == [node("a"), node("b")]


def test_more_workers_go_round_the_nodes_as_far_as_there_is_room() -> None:
    chosen = places([node("a", 1), node("b", 3)], 4, ledger=POSTGRES)
    assert [one.id for one in chosen] == ["a", "b", "b", "b"]
    with pytest.raises(UsageError, match="room for 4 workers"):
        places([node("a", 1), node("b", 3)], 5, ledger=POSTGRES)


def test_a_cluster_without_a_processor_is_said() -> None:
    with pytest.raises(UsageError, match="no node"):
        places([], None, ledger=POSTGRES)


@pytest.mark.parametrize("nodes", [[node("a"), node("b")], [node("a", host="elsewhere")]])
def test_a_file_is_no_ledger_of_several_nodes_or_of_another_machine(nodes: list[Node]) -> None:
    with pytest.raises(BadInput, match=r"postgresql\+psycopg"):
        places(nodes, None, ledger="tts.db")
    assert places(nodes, None, ledger=POSTGRES) == nodes


def test_what_a_killed_worker_held_is_taken_over_and_nothing_is_paid_twice(
    submitted: Any, waiting: Any, tmp_path: Path
) -> None:
    with ServerProcess(SLOW) as server:
        job, cluster = submitted(server, str(tmp_path / "a.db"), 24), LocalProcesses(2)
        for place in places(cluster.nodes(), 2, ledger=job.place):
            cluster.start(place, partial(work_away, (), job.place, False))
        waiting(lambda: job.ended >= 4)
        os.kill(cluster.pids[0], signal.SIGKILL)
        ends = []
        while cluster.working:
            ends += cluster.ended(1.0)
        assert {worker.report.code if worker.report else None for worker in ends} == {None, 0}
        assert job.over and job.ended == 24
        assert job.paid == (96, 0)
        assert server.served().requests < 96 + 2 * 8 + 16  # in flight at the kill, and probes


def test_workers_that_are_stopped_end_in_order(
    submitted: Any, waiting: Any, tmp_path: Path
) -> None:
    with ServerProcess(SLOW) as server:
        job, cluster = submitted(server, str(tmp_path / "a.db"), 60), LocalProcesses(1)
        cluster.start(cluster.nodes()[0], partial(work_away, (), job.place, False))
        waiting(lambda: job.ended >= 1)
        cluster.stop()
        [worker] = [*cluster.ended(90.0)]
        assert worker.report is not None and worker.report.code == 130
        assert not job.over and job.paid[1] == 0


def test_a_worker_that_cannot_reach_its_ledger_says_why(tmp_path: Path) -> None:
    report = work_away((), "postgresql+psycopg://u@127.0.0.1:9/d?connect_timeout=2", False)
    assert report.code == 2 and "127.0.0.1" in report.said
