"""Time that passes at once when nothing is left to run."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

Simulate = Callable[[Coroutine[Any, Any, Any]], Any]


class PatientSelector(selectors.SelectSelector):
    """Takes every wait of its loop as already waited."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None:
            raise RuntimeError("The loop would wait for ever.")
        self.now += max(timeout, 0.0)
        return super().select(0)


class SimulatedLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock jumps to its next timer."""

    def __init__(self) -> None:
        self.patient = PatientSelector()
        super().__init__(self.patient)

    def time(self) -> float:
        return self.patient.now


@pytest.fixture(scope="session")
def simulate() -> Simulate:
    """Run a coroutine in simulated time; one that waits for nothing is an error."""

    def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
        with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
            return runner.run(coroutine)

    return run
