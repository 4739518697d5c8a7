"""Workers as tasks of Ray, one process each. Nothing here is imported unless `--on ray` is given.

Ray is told to start a task once (`max_retries=0`): what a lost worker had not finished is taken over
by the others, which find in the ledger what it was.
"""

from __future__ import annotations

import os
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from tts.errors import UsageError
from tts.eval.jobs.cluster import Ended, Node, Report, Work

SCHEME = "ray://"
REACH = 3.0
"""Seconds in which a cluster has to answer at its address."""


class RayCluster:
    """A `Cluster` of the nodes of Ray.

    `address`: `HOST:PORT` of a Ray Client server; empty: the cluster that `RAY_ADDRESS` names or that
    runs on this machine, or else one that is started here and ends with this process.
    """

    def __init__(self, address: str = "") -> None:
        if find_spec("ray") is None:
            raise UsageError("--on ray needs Ray: pip install 'tts-engine[ray]'.")
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
        _reach(address)
        self._ray: Any = import_module("ray")
        self._tasks: dict[Any, Node] = {}
        self._join(address)

    def _join(self, address: str) -> None:
        quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
        where = f"{SCHEME}{address}" if address else "auto"
        try:
            self._ray.init(where, **quiet)
        except ConnectionError as error:
            if address or os.environ.get("RAY_ADDRESS"):
                raise _unreachable(address or os.environ["RAY_ADDRESS"], error) from error
            self._ray.init("local", include_dashboard=False, **quiet)
        except (RuntimeError, ValueError, TimeoutError) as error:
            raise _unreachable(address, error) from error

    def nodes(self) -> list[Node]:
        found = [
            Node(
                id=node["NodeID"],
                host=node["NodeManagerHostname"],
                room=int(node["Resources"].get("CPU", 0)),
            )
            for node in self._ray.nodes()
            if node["Alive"]
        ]
        return sorted((one for one in found if one.room), key=lambda one: (one.host, one.id))

    def start(self, node: Node, work: Work) -> None:
        strategies = import_module("ray.util.scheduling_strategies")
        pinned = strategies.NodeAffinitySchedulingStrategy(node.id, soft=False)
        remote = self._ray.remote(max_retries=0, num_cpus=1, scheduling_strategy=pinned)
        self._tasks[remote(_perform).remote(work)] = node

    @property
    def working(self) -> int:
        return len(self._tasks)

    def ended(self, seconds: float) -> list[Ended]:
        if not self._tasks:
            return []
        ready, _ = self._ray.wait([*self._tasks], num_returns=1, timeout=seconds)
        more, _ = self._ray.wait([*self._tasks], num_returns=len(self._tasks), timeout=0)
        return [self._told(task) for task in {*ready, *more}]

    def _told(self, task: Any) -> Ended:
        node = self._tasks.pop(task)
        try:
            report: Report = self._ray.get(task)
        except self._ray.exceptions.RayError as error:
            said = str(error).strip().splitlines()
            kind = type(error).__name__
            return Ended(node=node, report=None, reason=f"{kind}: {said[0]}" if said else kind)
        return Ended(node=node, report=report)

    def stop(self) -> None:
        for task in self._tasks:
            self._ray.cancel(task, force=False)

    def close(self) -> None:
        """Ray ends the tasks of a driver that leaves."""
        self._ray.shutdown()


def _perform(work: Work) -> Report:
    return work()


def _reach(address: str) -> None:
    """Raises `UsageError` where nothing that speaks gRPC answers; Ray itself asks for minutes."""
    named = address or os.environ.get("RAY_ADDRESS", "").removeprefix(SCHEME)
    host, _, port = named.rpartition(":")
    if not named or named in ("auto", "local"):
        return
    if not host or not port.isdigit():
        raise UsageError(f"{named!r} is no address of a Ray cluster: give HOST:PORT.")
    grpc = import_module("grpc")
    channel = grpc.insecure_channel(named)
    try:
        grpc.channel_ready_future(channel).result(timeout=REACH)
    except grpc.FutureTimeoutError as error:
        raise _unreachable(named, f"nothing answered within {REACH:.0f} s") from error
    finally:
        channel.close()


def _unreachable(address: str, why: object) -> UsageError:
    said = " ".join(str(why).split())[:300].rstrip(".")
    return UsageError(
        f"No Ray cluster answers at {address or 'this machine'} ({said}). Nothing was started; "
        "the jobs stay queued."
    )
