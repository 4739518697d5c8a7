"""Tests or a script in a copy of a tree of files.

Code under test and its tests share one process here, as they do in every Python project, so what is
reported can be forged by who knows how; whoever asks runs a control beside it (`tts.verifiers.repository`).
What a program prints is never read as a result, and a script's exit code counts only where the script
itself came to its end: code under test that ends the process gives none.
"""

from __future__ import annotations

import os
import sys

from tts.verifiers.sandbox.inside.frames import write_frame
from tts.verifiers.sandbox.inside.plain_json import dumps
from tts.verifiers.sandbox.inside.player import exit_code

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

OPTIONS = (
    *("-q", "--rootdir=.", "--import-mode=prepend", "--continue-on-collection-errors"),
    *("-p", "no:cacheprovider", "-p", "no:faulthandler", "-o", "addopts=", "-W", "default"),
)


def run_errand(job: dict[str, Any], told: int) -> None:
    """Write the files, find the modules, and run what was asked for; ends the process."""
    _write(job["files"])
    sys.path += job["packages"]
    sys.dont_write_bytecode = True
    roots = [os.path.abspath(root) for root in job["roots"]]
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    if job["script"]:
        sys.path[:0] = roots
        code = exit_code(job["script"], [], under_test=os.getcwd())
        write_frame(told, dumps({"code": code}))
    else:
        code = _tests(job["tests"], roots, told)
    os._exit(code)


def _write(files: dict[str, str]) -> None:
    for path, text in files.items():
        folder = os.path.dirname(path)
        if folder:
            os.makedirs(folder, exist_ok=True)
        with open(path, "wb") as file:
            file.write(text.encode("utf-8", "surrogateescape"))


def _tests(tests: list[str], roots: list[str], told: int) -> int:
    """Run pytest, which is loaded before anything of the tree is in reach."""
    import pytest

    results = Results()
    sys.path[:0] = roots
    code = int(pytest.main([*OPTIONS, *tests], plugins=[results]))
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    write_frame(told, dumps({"code": code, "tests": results.tests, "broken": results.broken}))
    return code


class Results:
    """A plugin of pytest that keeps one word for each test."""

    def __init__(self) -> None:
        self.tests: dict[str, str] = {}
        self.broken: dict[str, str] = {}
        """Files that could not be collected, with the last line of why."""

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            lines = str(report.longrepr).strip().splitlines() or [""]
            self.broken[report.nodeid] = lines[-1][:300]

    def pytest_runtest_logreport(self, report: Any) -> None:
        """The worst of setup, call and teardown."""
        word = _word(report)
        if word is not None and self.tests.get(report.nodeid) not in ("failed", "error"):
            self.tests[report.nodeid] = word


def _word(report: Any) -> str | None:
    if report.failed:
        return "failed" if report.when == "call" else "error"
    if report.skipped:
        return "xfailed" if hasattr(report, "wasxfail") else "skipped"
    if report.when != "call":
        return None
    return "xpassed" if hasattr(report, "wasxfail") else "passed"
