"""Several workers on one PostgreSQL ledger while the server drops their connections."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from sqlalchemy import Engine, text

from tts.backends.fault_server import FaultPlan, Latency
from tts.cli.workers import work_away
from tts.eval.bench.processes import ServerProcess
from tts.eval.jobs.cluster import Ended
from tts.eval.jobs.local_processes import LocalProcesses
from tts.ledger import Questions
from tts.ledger.connect import connect

pytestmark = pytest.mark.timeout(180)
SLOW = FaultPlan(dialect="openai", latency=Latency(median=0.1))


class Server(NamedTuple):
    """A ledger whose connections have a name of their own, which a way in beside it can end."""

    place: str
    name: str
    engine: Engine

    def drop(self) -> int:
        """End every session of this name, as a restart does; how many there were."""
        query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = :n"
        with self.engine.connect() as connection:
            return len(connection.execute(text(query), {"n": self.name}).all())


@pytest.fixture
def postgres(postgres_place: str) -> Iterator[Server]:
    name, engine = f"tts-{uuid4().hex[:12]}", connect(postgres_place)
    yield Server(f"{postgres_place}&application_name={name}", name, engine)
    engine.dispose()


def finished(cluster: LocalProcesses, server: Server) -> tuple[list[Ended], int]:
    """How the workers ended, and how many sessions they lost: all of them, eight times."""
    ends, lost, looks = list[Ended](), 0, 0
    while cluster.working:
        ends += cluster.ended(0.4)
        lost, looks = lost + (server.drop() if looks < 8 else 0), looks + 1
    return ends, lost


def started(place: str, workers: int) -> LocalProcesses:
    cluster = LocalProcesses(workers)
    for _ in range(workers):
        cluster.start(cluster.nodes()[0], partial(work_away, (), place, False))
    return cluster


def test_connections_that_are_dropped_in_mid_run_lose_nothing_and_pay_nothing_twice(
    submitted: Any, waiting: Any, postgres: Server
) -> None:
    with ServerProcess(SLOW) as server:
        job = submitted(server, postgres.place, 40)
        cluster = started(postgres.place, 2)
        waiting(lambda: job.ended >= 4)
        ends, lost = finished(cluster, postgres)
        assert lost >= 6
        assert [one.report and one.report.said for one in ends] == [""] * 2
        assert job.over and job.ended == 40
        assert job.paid == (160, 0)
        assert server.served().requests <= 160 + 2 * 8  # probes; nothing was sent again


def test_workers_share_one_wallet_and_none_exceeds_it_while_connections_drop(
    submitted: Any, waiting: Any, postgres: Server
) -> None:
    with ServerProcess(SLOW) as server:
        job = submitted(server, postgres.place, 40, wallet="100 calls")
        cluster = started(postgres.place, 2)
        waiting(lambda: job.ended >= 2)
        finished(cluster, postgres)
        questions = Questions.open(postgres.place)
        [bill] = questions.billed(job.job, by="job")
        questions.close()
        assert bill.upper.calls <= 100
        assert server.served().requests <= 100
        assert job.paid[0] >= 60 and job.paid[1] == 0
