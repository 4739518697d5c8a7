"""The pool of sandbox processes that verifiers, graders and strategies run programs in."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from msgspec.structs import replace

from tts.errors import UsageError
from tts.values import Check, Exam
from tts.verifiers.sandbox.execution import (
    DEFAULT_LIMITS,
    LEAST,
    Errand,
    Examination,
    Execution,
    Isolation,
    Limits,
)
from tts.verifiers.sandbox.ladder import chosen, trial
from tts.verifiers.sandbox.worker import Worker, WorkerLost

T = TypeVar("T")
RESTARTS = 3
"""Times that the checks behind one that ended the candidate are tried with a fresh candidate."""
VERSION = "2"
"""Enters keys: another version may judge otherwise."""


class Sandbox:
    """Runs programs at one level of isolation, as many at once as it has workers.

    A worker is kept warm between jobs and judges one right and one wrong program before its first.
    Every process of a job is gone before its result is returned. Raises `IsolationTooLow` where
    the machine does not give the least level. `at` names one level, and is taken without a probe.
    """

    def __init__(
        self,
        *,
        least: Isolation = LEAST,
        at: Isolation | None = None,
        workers: int | None = None,
        readable: tuple[str, ...] = (),
        warm: bool = True,
    ) -> None:
        self.isolation: Isolation = at or chosen(least)
        self.workers = workers or os.cpu_count() or 1
        self._readable, self._warm = readable, warm
        self._threads = ThreadPoolExecutor(self.workers, thread_name_prefix="sandbox")
        self._idle: list[Worker] = []
        self._lock = threading.Lock()

    async def run(
        self, program: str, limits: Limits = DEFAULT_LIMITS, *, stdin: str = ""
    ) -> Execution:
        """Run a program as a script."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._threads, lambda: self.run_now(program, limits, stdin=stdin)
        )

    async def examine(
        self, program: str, tests: Exam, limits: Limits = DEFAULT_LIMITS
    ) -> Examination:
        """Run tests against a program, each check with a verdict of its own."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._threads, lambda: self.examine_now(program, tests, limits)
        )

    def run_now(
        self, program: str, limits: Limits = DEFAULT_LIMITS, *, stdin: str = ""
    ) -> Execution:
        """`run` in the calling thread."""
        try:
            return self._with_worker(lambda worker: worker.run(program, limits, stdin=stdin))
        except WorkerLost as lost:
            return Execution(ended="lost", code=None, stderr=str(lost), isolation=self.isolation)

    def examine_now(
        self, program: str, tests: Exam, limits: Limits = DEFAULT_LIMITS
    ) -> Examination:
        """`examine` in the calling thread."""
        whole = Examination(checks=(), isolation=self.isolation)
        for _ in range(1 + RESTARTS):
            left = replace(tests, checks=tests.checks[len(whole.checks) :])
            if not left.checks:
                break
            whole = _joined(whole, self._examined(program, left, limits))
            if limits.timeouts and whole.checks[-1].outcome == "timeout":
                break
        rest = len(tests.checks) - len(whole.checks)
        return replace(whole, checks=whole.checks + whole.checks[-1:] * rest)

    async def do(self, errand: Errand, limits: Limits = DEFAULT_LIMITS) -> Execution:
        """Run the tests of a tree of files, or a script in it."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: self.do_now(errand, limits))

    def do_now(self, errand: Errand, limits: Limits = DEFAULT_LIMITS) -> Execution:
        """`do` in the calling thread."""
        try:
            return self._with_worker(lambda worker: worker.do(errand, limits))
        except WorkerLost as lost:
            return Execution(ended="lost", code=None, stderr=str(lost), isolation=self.isolation)

    async def close(self) -> None:
        """End every worker; jobs under way end first."""
        await asyncio.get_running_loop().run_in_executor(None, self.close_now)

    def close_now(self) -> None:
        """`close` in the calling thread."""
        self._threads.shutdown()
        with self._lock:
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.close()

    def _examined(self, program: str, tests: Exam, limits: Limits) -> Examination:
        try:
            return self._with_worker(lambda worker: worker.examine(program, tests, limits))
        except WorkerLost as lost:
            missing = (Check("lost", str(lost)),) * len(tests.checks)
            return Examination(checks=missing, isolation=self.isolation)

    def _with_worker(self, job: Callable[[Worker], T]) -> T:
        worker = self._taken()
        try:
            found = job(worker)
        except BaseException:
            worker.close()
            raise
        if worker.worn or not self._warm:
            worker.close()
        else:
            with self._lock:
                self._idle.append(worker)
        return found

    def _taken(self) -> Worker:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        worker = Worker(self.isolation, self._readable)
        try:
            worker.start()
            reason = trial(worker) if self._warm else ""
        except BaseException:
            worker.close()
            raise
        if reason:
            worker.close()
            raise UsageError(f"The sandbox at level {self.isolation!r} judges nothing: {reason}.")
        return worker


def _joined(before: Examination, after: Examination) -> Examination:
    return replace(
        after,
        checks=before.checks + after.checks,
        cpu_seconds=before.cpu_seconds + after.cpu_seconds,
        seconds=before.seconds + after.seconds,
    )
