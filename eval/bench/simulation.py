"""Simulated time: a loop whose clock jumps, a planner and tools that only take time, a run of them.

What is simulated runs on `JumpingLoop`, where a wait of an hour is over at once.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from tts.backends.scripted import ScriptedGenerator
from tts.budget import PriceTable
from tts.engine import Job, Session
from tts.equivalence import Equivalence
from tts.executor import Limits
from tts.executor.gate import Gate
from tts.executor.limits import RetryPolicy
from tts.ledger import MemoryJournal, MemoryLeases
from tts.planner import PlanStrategy
from tts.protocols import GenerateReply, GenerateRequest, Meter, TextListener
from tts.tools import ToolContext
from tts.values import Budget, Capabilities, Completion, Message, Model, Problem, Sampling, Usage

T = TypeVar("T")
PRICES = PriceTable.load(None)
PIECE = 4
"""Characters that come at once."""
_PATIENT = RetryPolicy()


class JumpingSelector(selectors.SelectSelector):
    """Takes every wait of its loop as already waited."""

    now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None:
            raise RuntimeError("The simulation waits for something that never comes.")
        self.now += max(timeout, 0.0)
        return super().select(0)


class JumpingLoop(asyncio.SelectorEventLoop):
    """An event loop whose `time` is simulated seconds."""

    def __init__(self) -> None:
        self.jumping = JumpingSelector()
        super().__init__(self.jumping)

    def time(self) -> float:
        return self.jumping.now


def simulated(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run in simulated time."""
    with asyncio.Runner(loop_factory=JumpingLoop) as runner:
        return runner.run(coroutine)


class SimulatedPlanner:
    """A planner whose tokens nobody counts; a subclass says what it writes, and when."""

    name: ClassVar[str]

    @property
    def model(self) -> Model:
        return Model(name=self.name, parameters=0)

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities()

    def count_prompt(self, messages: Sequence[Message], prefix: str) -> int:
        return 1

    def written(self, text: str) -> GenerateReply:
        """One draw of that text."""
        completion = Completion(text=text, finish_reason="stop")
        return GenerateReply(completions=(completion,), usage=Usage(calls=1))

    async def close(self) -> None:
        return None


class Paced(SimulatedPlanner):
    """A planner that answers with the next text; each takes its seconds from first to last
    character."""

    name = "paced"

    def __init__(self, turns: Sequence[tuple[str, float]], *, streams: bool = True) -> None:
        self.turns, self.streams = list(turns), streams

    async def generate(
        self, request: GenerateRequest, meter: Meter, listener: TextListener | None = None
    ) -> GenerateReply:
        """Write the next text."""
        text, seconds = self.turns.pop(0)
        pieces = [text[i : i + PIECE] for i in range(0, len(text), PIECE)]
        for piece in pieces:
            await asyncio.sleep(seconds / len(pieces))
            if listener is not None and self.streams:
                listener(0, piece)
        return self.written(text)


class Sleeping:
    """A tool's body that only takes time."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def check(self, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        return arguments

    async def __call__(self, arguments: Mapping[str, Any], context: ToolContext) -> Any:
        await asyncio.sleep(self.seconds)
        return 0


async def solved(
    strategy: PlanStrategy,
    cap: int,
    generator: Any = None,
    *,
    retry: RetryPolicy = _PATIENT,
    seconds: float | None = None,
) -> Any:
    """Run a strategy in memory, with so many calls at once, perhaps with a deadline."""
    session = Session(
        generators={"default": generator or ScriptedGenerator([])},
        verifier=None,
        equivalence=Equivalence(),
        prices=PRICES,
        limits=Limits(gate=Gate(cap), retry=retry, timeout=1e12),
        sampling=Sampling(),
    )
    journal = MemoryJournal(job="bench")
    async with Job(session, name="bench", journal=journal, leases=MemoryLeases()) as job:
        problem = Problem(id="plan", prompt="plan")
        result = await job.solve(problem, strategy, budget=Budget(seconds=seconds))
    await session.close()
    if result.error:
        raise RuntimeError(result.error)
    return result
