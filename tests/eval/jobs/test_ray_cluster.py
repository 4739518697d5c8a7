"""Workers on a Ray cluster of several nodes, all of them on this machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tts.backends.fault_server import FaultPlan, Latency
from tts.eval.bench.processes import ServerProcess
from tts.ledger import Controls

pytestmark = [
    pytest.mark.ray,
    pytest.mark.skipif(
        find_spec("ray") is None, reason="Ray is not installed here; `make test-ray` runs this."
    ),
]
SLOW = FaultPlan(dialect="openai", latency=Latency(median=0.2))
WORK = [sys.executable, "-m", "tts.cli", "job", "work"]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Three nodes of a processor each."""
    made = import_module("ray.cluster_utils").Cluster(
        initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False}
    )
    for _ in range(2):
        made.add_node(num_cpus=1)
    yield made
    made.shutdown()


def work(cluster: Any, place: str, *more: str) -> subprocess.Popen[str]:
    where = {**os.environ, "RAY_ADDRESS": cluster.address}
    return subprocess.Popen(
        [*WORK, "--on", "ray", "--ledger", place, *more],
        env=where, stdout=-1, stderr=-1, text=True,
    )  # fmt: skip


def test_nodes_share_a_job_and_one_that_is_lost_is_made_up_for(
    cluster: Any, submitted: Any, waiting: Any, postgres_place: str
) -> None:
    lost = cluster.add_node(num_cpus=1)
    with ServerProcess(SLOW) as server:
        job = submitted(server, postgres_place, 60)
        driver = work(cluster, postgres_place)
        waiting(lambda: job.ended >= 8)
        cluster.remove_node(lost, allow_graceful=False)
        said, complained = driver.communicate(timeout=120)
        assert driver.returncode == 0, complained
        assert "4 workers on 4 nodes" in said and "was lost" in complained
        assert job.over and job.ended == 60
        assert job.paid == (240, 0)


def test_a_lost_driver_takes_its_workers_along_and_the_same_command_goes_on(
    cluster: Any, submitted: Any, waiting: Any, postgres_place: str, tmp_path: Path
) -> None:
    with ServerProcess(SLOW) as server:
        job = submitted(server, postgres_place, 40)
        driver = work(cluster, postgres_place)
        waiting(lambda: job.ended >= 4)
        driver.send_signal(signal.SIGKILL)
        driver.communicate()
        waiting(lambda: server.served().in_flight == 0)
        assert not job.over
        again = work(cluster, postgres_place)
        assert again.communicate(timeout=120) and again.returncode == 0
        assert job.over and job.paid == (160, 0)
    assert (tmp_path / "out" / "job" / "report.html").exists()


def test_a_signal_ends_the_workers_in_order(
    cluster: Any, submitted: Any, waiting: Any, postgres_place: str
) -> None:
    with ServerProcess(SLOW) as server:
        job = submitted(server, postgres_place, 60)
        driver = work(cluster, postgres_place)
        waiting(lambda: job.ended >= 4)
        driver.send_signal(signal.SIGINT)
        _, complained = driver.communicate(timeout=60)
        assert driver.returncode == 130, complained
        assert not job.over and job.paid[1] == 0


def test_a_file_as_ledger_of_three_nodes_is_one_line(cluster: Any, tmp_path: Path) -> None:
    Controls.open(tmp_path / "a.db").close()
    driver = work(cluster, str(tmp_path / "a.db"))
    _, complained = driver.communicate(timeout=60)
    assert driver.returncode == 2
    assert "give a --ledger postgresql+psycopg://" in complained and complained.count("\n") == 1
