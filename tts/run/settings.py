"""What a Run is handed: its settings, and whoever carries its nodes out."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from tts.answers import Task
from tts.equivalence import Equivalence
from tts.protocols import Generator, OutcomeRow
from tts.run.node import Node
from tts.run.replay import FRESH, Recorded
from tts.run.verifier import VerifierOf
from tts.values import Event, Problem, Sampling


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """The problem, who answers, and how; handed in by the engine."""

    run_id: str
    job: str
    problem: Problem
    task: Task
    generators: Mapping[str, Generator]
    """By name; the first is the default."""
    equivalence: Equivalence
    verifier: VerifierOf[Any] | None = None
    sampling: Sampling = field(default_factory=Sampling)
    seed: int = 0
    """The replicate: another seed gives other draws of the same prompts."""
    recorded: Recorded = FRESH
    forced_tokens: int = 48
    """Most tokens of a forced last answer."""
    watched: bool = False
    """Whether events are wanted."""


R_contra = TypeVar("R_contra", contravariant=True)


class Scheduler(Protocol[R_contra]):
    """The executor, or a dry one."""

    def foresee(self, node: Node[Any], run: R_contra) -> None:
        """A submitted call, before it is asked for: its place in the order counts from here."""
        ...

    def awaited(self, node: Node[Any], run: R_contra) -> None:
        """The strategy waits for a node: what it submits from now on comes behind it."""
        ...

    def ready(self, node: Node[Any], run: R_contra) -> None:
        """Every input of the node is there, or one has failed: `node.pass_on()` tells."""
        ...

    def drop(self, node: Node[Any], run: R_contra) -> None:
        """Nobody wants the node any more; its call is aborted unless another run wants it."""
        ...

    def spawn(self, coroutine: Coroutine[Any, Any, Any], run: R_contra) -> Any:
        """Run a coroutine beside the others, under the executor's task group."""
        ...

    async def landed(self, run: R_contra) -> None:
        """Wait until every aborted call of a run is settled, so that its bill is complete."""
        ...

    async def decide(self, run: R_contra, outcome: OutcomeRow) -> None:
        """Journal what timing decided; returns once it is durable."""
        ...

    def write(self, outcome: OutcomeRow) -> None:
        """Journal a decision without waiting; nothing later becomes durable before it."""
        ...

    def observe(self, event: Event) -> None:
        """Tell whoever watches."""
        ...

    def now(self) -> float:
        """Seconds of the monotonic clock."""
        ...
