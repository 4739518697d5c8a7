"""Processes and memory are bounded for root too, where the machine has control groups."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tts.errors import IsolationTooLow
from tts.verifiers.sandbox import Limits, Sandbox
from tts.verifiers.sandbox.cgroups import ControlGroup, Place, descendants, place
from tts.verifiers.sandbox.worker import Worker

FORKS = """import os
started = 0
for _ in range(60):
    try:
        pid = os.fork()
    except OSError:
        break
    if not pid:
        import time
        time.sleep(30)
    started += 1
print(started)"""


@pytest.fixture
def found() -> Place:
    here = place()
    if isinstance(here, str):
        pytest.skip(f"no control group can be made here: {here}")
    return here


@pytest.fixture
def group(found: Place) -> Iterator[ControlGroup]:
    made = ControlGroup(found)
    yield made
    made.close()


def test_a_program_of_several_processes_gets_no_more_than_its_limit(
    found: Place, box: Sandbox
) -> None:
    ran = box.run_now(FORKS, Limits(processes=8, wall_seconds=10.0))
    assert 4 <= int(ran.stdout) <= 12


def test_a_group_is_gone_with_its_worker(found: Place, box: Sandbox) -> None:
    worker = Worker(box.isolation)
    worker.start()
    worker.run("pass", Limits(processes=4))
    assert worker._group is not None
    folders = [*worker._group.folders.values()]
    assert all(one.exists() for one in folders)
    worker.close()
    assert not any(one.exists() for one in folders)


def test_a_program_of_one_process_needs_no_group(box: Sandbox) -> None:
    worker = Worker(box.isolation)
    worker.start()
    worker.run("pass", Limits())
    assert worker._group is None
    worker.close()


def test_a_process_and_its_children_are_taken_in_together(group: ControlGroup) -> None:
    code = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'])"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE) as parent:
        while len(family := [parent.pid, *descendants(parent.pid)]) < 2:
            pass
        group.admit(parent.pid)
        held = (group.folders["pids"] / "cgroup.procs").read_text().split()
        parent.communicate(b"\n")
    assert sorted(map(int, held)) == sorted(family)


@pytest.mark.skipif(os.geteuid() != 0, reason="the limit of processes binds all others")
def test_several_processes_of_root_are_refused_where_nothing_would_bound_them(
    box: Sandbox,
) -> None:
    worker = Worker(box.isolation, groups=lambda: "none here")
    worker.start()
    with pytest.raises(IsolationTooLow, match="none here"):
        worker.run("pass", Limits(processes=2))
    worker.close()


def test_what_a_killed_engine_left_is_taken_away(found: Place) -> None:
    gone = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    left = [parent / f"tts-{gone}-0" for parent in set(found.parents.values())]
    for folder in left:
        folder.mkdir()
    place.cache_clear()
    place()
    assert [one for one in left if one.exists()] == []
