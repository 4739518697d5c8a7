"""Which instances can be graded on this machine without a container, and why not the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from tts.eval.swe.checkout import clone_of, has_commit
from tts.eval.swe.harness import Commands, MachineCommands, docker_lacks
from tts.eval.swe.instance import Instance

COMPILED = {
    "astropy/astropy": "its C extensions are built in place",
    "matplotlib/matplotlib": "its C++ extensions are built in place",
    "scikit-learn/scikit-learn": "its Cython extensions are built in place",
}
"""Repositories of SWE-bench whose source does not run as it lies there."""
OWN_RUNNERS = {
    "django/django": "its tests run by its own runner, not by pytest",
    "sympy/sympy": "its tests run by its own runner, not by pytest",
}
DEPENDENT = {
    "mwaskom/seaborn": "numpy, pandas and matplotlib of its time",
    "pallets/flask": "Werkzeug, Jinja and click of its time",
    "psf/requests": "urllib3 and chardet of its time, and a server to ask",
    "pydata/xarray": "numpy and pandas of its time",
    "pylint-dev/pylint": "astroid of its time",
    "pytest-dev/pytest": "itself as the runner, in its own version",
    "sphinx-doc/sphinx": "docutils and Jinja of its time",
}
"""What a repository needs beside itself: an environment of its own."""


class Runnable(Struct, frozen=True):
    """Whether an instance can be graded here; the reason where it cannot."""

    instance_id: str
    repo: str
    here: bool
    reason: str


def runnable(
    instances: Sequence[Instance], repos: Path | None, commands: Commands | None = None
) -> list[Runnable]:
    """One row each, in order. What is said to run here is still tried on its reference patch."""
    docker = not docker_lacks(commands or MachineCommands())
    reasons = [_reason(one, repos, docker) for one in instances]
    return [
        Runnable(one.instance_id, one.repo, not reason, reason)
        for one, reason in zip(instances, reasons, strict=True)
    ]


def _reason(one: Instance, repos: Path | None, docker: bool) -> str:
    """All that stands in the way, what cannot be helped first."""
    reasons = [] if one.has_tests else ["the row names no tests"]
    if one.files:
        return "; ".join(reasons)
    if environment := _environment(one):
        way = "take --harness" if docker else "and there is no docker here"
        return "; ".join([environment, way, *reasons])
    return "; ".join(filter(None, [_clone(one, repos), *reasons]))


def _environment(one: Instance) -> str:
    for table in (COMPILED, OWN_RUNNERS):
        if one.repo in table:
            return table[one.repo]
    if any("::" not in test for test in one.FAIL_TO_PASS):
        return "its tests are no ids of pytest"
    return f"it needs {DEPENDENT[one.repo]}" if one.repo in DEPENDENT else ""


def _clone(one: Instance, repos: Path | None) -> str:
    clone = clone_of(one, repos)
    if clone is None:
        return f"no clone of {one.repo} below --repos"
    if not has_commit(clone, one.base_commit):
        return f"{clone} lacks the commit {one.base_commit[:12]}"
    return ""


class Standstill(Struct, frozen=True):
    """How many instances of a repository cannot be graded here for one reason."""

    repo: str
    instances: int
    reason: str


def standstills(rows: Sequence[Runnable]) -> list[Standstill]:
    """By repository and reason, the most instances first."""
    counts = Counter((one.repo, one.reason) for one in rows if not one.here)
    return [Standstill(repo, count, why) for (repo, why), count in counts.most_common()]
