"""Workers on a PostgreSQL server of the test's own, which ends in mid-run and comes back."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest

from tts.backends.fault_server import FaultPlan, Latency
from tts.cli.workers import work_away
from tts.eval.bench.processes import ServerProcess
from tts.eval.jobs.local_processes import LocalProcesses

pytestmark = pytest.mark.timeout(600)
SLOW = FaultPlan(dialect="openai", latency=Latency(median=0.1))
WORKERS, IN_FLIGHT, PROBES = 2, 8, 8
FOUND = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))


class Server:
    """Everything of it is in one folder; it refuses to run as root, so another user does."""

    def __init__(self, folder: Path, programs: Path, user: str | None) -> None:
        self._folder, self._programs, self._user = folder, programs, user
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1]
        self.place = f"postgresql+psycopg://owner@127.0.0.1:{port}/postgres"
        self._options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1"
        self._do("initdb", "--auth=trust", "--username=owner", "--no-sync")

    def start(self) -> None:
        self._do("pg_ctl", "-w", "-o", self._options, "-l", f"{self._folder}/log", "start")

    def stop(self) -> None:
        """As a crash does: nothing is finished, whoever is connected is thrown out."""
        self._do("pg_ctl", "-w", "-m", "immediate", "stop")

    def _do(self, program: str, *words: str) -> None:
        command = [str(self._programs / program), "-D", f"{self._folder}/data", *words]
        subprocess.run(
            command, check=True, user=self._user, stdout=subprocess.DEVNULL, cwd=self._folder
        )


@pytest.fixture
def postgres() -> Iterator[Server]:
    if not FOUND:
        pytest.skip("no PostgreSQL server is installed under /usr/lib/postgresql")
    user = None
    if os.geteuid() == 0:
        if "postgres" not in {entry.pw_name for entry in pwd.getpwall()}:
            pytest.skip("PostgreSQL does not run as root, and there is no user postgres")
        user = "postgres"
    folder = Path(mkdtemp(prefix="tts-postgres-", dir="/tmp"))
    if user is not None:
        shutil.chown(folder, user)
    server = Server(folder, FOUND[-1].parent, user)
    server.start()
    yield server
    server.stop()
    shutil.rmtree(folder)


def requests_once_nothing_is_in_flight(server: ServerProcess, waiting: Any) -> int:
    waiting(lambda: server.served().in_flight == 0)
    return server.served().requests


def test_a_database_that_ends_in_mid_run_stops_what_is_paid_for_and_loses_nothing(
    submitted: Any, waiting: Any, postgres: Server
) -> None:
    with ServerProcess(SLOW) as server:
        job, cluster = submitted(server, postgres.place, 40), LocalProcesses(WORKERS)
        for _ in range(WORKERS):
            cluster.start(cluster.nodes()[0], partial(work_away, (), postgres.place, False))
        waiting(lambda: job.ended >= 4, 180.0)
        before = server.served().requests
        postgres.stop()
        stopped = requests_once_nothing_is_in_flight(server, waiting)
        time.sleep(1.0)
        assert server.served().requests == stopped <= before + 2 * WORKERS * IN_FLIGHT
        postgres.start()
        ends = []
        while cluster.working:
            ends += cluster.ended(1.0)
        assert [one.report and one.report.said for one in ends] == [""] * WORKERS
        assert job.over and job.ended == 40
        assert job.paid == (160, 0)
        assert server.served().requests <= 160 + PROBES * WORKERS
