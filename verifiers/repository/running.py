"""Tests of a tree of files, run in the sandbox, and what came of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from tts.errors import UsageError
from tts.verifiers.sandbox import Errand, Execution, Limits, Sandbox

PYTEST = ("pytest", "_pytest", "pluggy", "iniconfig", "packaging", "pygments")
SUITE_LIMITS = Limits(cpu_seconds=60, wall_seconds=180.0, memory=1 << 30, threads=True)
"""Of one run of a repository's tests."""
UNCONFINED = 97
"""Exit code of a process that could not be confined."""
LARGEST = 6_000_000
"""Characters of a tree as it goes to the sandbox."""

Came = Literal["results", "timeout", "ended", "rejected", "lost", "too large"]
"""`results`: every file was run to its end; `timeout`: a limit of time or output; `ended`: the
process had gone before pytest was through; `rejected`: its exit code and its results disagree;
`lost`: the sandbox gave nothing, which says nothing of the code; `too large`: the tree was not sent."""


class Suite(Struct, frozen=True, kw_only=True):
    """One run of tests: a word for every id that pytest named, and how the run ended."""

    came: Came
    tests: dict[str, str] = {}
    broken: dict[str, str] = {}
    """Files that could not be collected, and why."""
    reason: str = ""
    log: str = ""
    seconds: float = 0.0
    cpu_seconds: float = 0.0


def pytest_folders() -> tuple[str, ...]:
    """Where pytest lies on this machine; raises `UsageError` where it is not installed."""
    specs = [find_spec(name) for name in PYTEST]
    found = [Path(one.origin).parent.parent for one in specs if one is not None and one.origin]
    if specs[0] is None or specs[1] is None:
        raise UsageError("Repositories are judged by pytest: pip install 'tts-engine[swe]'.")
    return tuple(dict.fromkeys(str(one) for one in found))


async def run_suite(
    sandbox: Sandbox,
    files: Mapping[str, str],
    tests: tuple[str, ...],
    *,
    roots: tuple[str, ...],
    packages: tuple[str, ...],
    limits: Limits = SUITE_LIMITS,
) -> Suite:
    """Run test files of a tree; how it ended is part of the value, nothing is raised."""
    size = sum(len(path) + len(text) for path, text in files.items())
    if size > LARGEST:
        return Suite(came="too large", reason=f"a tree of {size:,} characters")
    errand = Errand(files=dict(files), roots=roots, packages=packages, tests=tests)
    return suite_of(await sandbox.do(errand, limits))


def suite_of(ran: Execution) -> Suite:
    """What an execution of tests comes to."""
    told = Suite(
        came="results",
        log=f"{ran.stdout}{ran.stderr}",
        seconds=ran.seconds,
        cpu_seconds=ran.cpu_seconds,
    )
    if ran.ended == "lost" or ran.code == UNCONFINED:
        return replace(told, came="lost", reason=ran.stderr.strip()[:300] or "no process")
    if ran.ended != "exited":
        return replace(told, came="timeout", reason=f"the limit of {ran.ended}")
    report = _report(ran.reported)
    if report is None:
        said = "the process ended before pytest was through"
        return replace(told, came="ended", reason=said)
    suite = replace(told, tests=report["tests"], broken=report["broken"])
    if ran.code != report["code"] or ran.code not in _codes(suite):
        why = f"exit code {ran.code} beside results that say {report['code']}"
        return replace(told, came="rejected", reason=why)
    return suite


def _codes(suite: Suite) -> set[int]:
    """The exit codes of pytest that agree with its results."""
    if not suite.tests:
        return {1, 2, 4, 5}
    failed = any(word in ("failed", "error") for word in suite.tests.values())
    return {1, 2} if failed or suite.broken else {0}


def _report(text: str) -> dict[str, Any] | None:
    try:
        told = json.loads(text)
    except ValueError:
        return None
    whole = isinstance(told, dict) and {"code", "tests", "broken"} <= set(told)
    return told if whole else None
