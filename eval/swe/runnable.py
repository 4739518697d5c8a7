"""Which instances can be graded on this machine without a container, and why not the others."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from tts.eval.swe.checkout import clone_of, has_commit
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


def runnable(instances: Sequence[Instance], repos: Path | None) -> list[Runnable]:
    """One row each, in order. What is said to run here is still tried on its reference patch."""
    return [_row(one, repos) for one in instances]


def _row(one: Instance, repos: Path | None) -> Runnable:
    reason = _reason(one, repos)
    return Runnable(one.instance_id, one.repo, not reason, reason)


def _reason(one: Instance, repos: Path | None) -> str:
    if not one.has_tests:
        return "the row names no tests"
    if one.files:
        return ""
    for table in (COMPILED, OWN_RUNNERS):
        if one.repo in table:
            return f"{table[one.repo]}{_container()}"
    if any("::" not in test for test in one.FAIL_TO_PASS):
        return f"its tests are no ids of pytest{_container()}"
    if one.repo in DEPENDENT:
        return f"it needs {DEPENDENT[one.repo]}{_container()}"
    clone = clone_of(one, repos)
    if clone is None:
        return f"no clone of {one.repo} below --repos"
    if not has_commit(clone, one.base_commit):
        return f"{clone} lacks the commit {one.base_commit[:12]}"
    return ""


def _container() -> str:
    found = shutil.which("docker") or shutil.which("podman")
    told = "take the official harness" if found else "and there is no docker here"
    return f"; {told}"
