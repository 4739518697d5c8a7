"""What a Run is handed: its settings, its verifier, and whoever carries its nodes out."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar, runtime_checkable

from tts.answers import Task
from tts.equivalence import Equivalence
from tts.errors import BadReply, StrategyError, TTSError, UsageError, described
from tts.protocols import Generator, Operation, OutcomeRow
from tts.run.node import Node
from tts.run.replay import FRESH, Recorded
from tts.values import Candidate, Demonstration, Event, Problem, Sampling, Score

R_contra = TypeVar("R_contra", contravariant=True)


class VerifierOf(Protocol[R_contra]):
    """Scores candidates by growing the graph of a run: one node or many, priced like any other.

    An outcome verifier fills `Score.value`; a process verifier fills `Score.steps` as well.
    """

    @property
    def name(self) -> str: ...

    @property
    def identity(self) -> Any:
        """What changes its scores, as JSON-able data, for the manifest."""
        ...

    def score(self, candidate: Candidate | Node[Candidate], run: R_contra) -> Node[Score]:
        """The node that will hold the score of a candidate, or of a node that will be one."""
        ...


@runtime_checkable
class Comparer(Protocol[R_contra]):
    """What can be asked which of two candidates is better; a verifier that is a judge can."""

    def prefer(
        self,
        left: Candidate | Node[Candidate],
        right: Candidate | Node[Candidate],
        run: R_contra,
    ) -> Node[float]:
        """The node that will hold the left one's share of the verdict, 0…1."""
        ...


def asked(
    verifier: VerifierOf[R_contra],
    candidate: Candidate | Node[Candidate],
    run: R_contra,
    *,
    failing: Callable[[Exception], Node[Score]],
) -> Node[Score]:
    """The node of a verdict, whatever `score` does: one that raises gives a node that fails.

    `failing` makes that node. Raises `UsageError` where there is no node at all, since there would
    never be one.
    """
    try:
        node: Any = verifier.score(candidate, run)
    except TTSError:
        raise
    except Exception as error:  # noqa: BLE001 — a verifier's own code may raise anything
        wrapped = StrategyError(f"Verifier {verifier.name!r} raised {described(error)}.")
        wrapped.__cause__ = error
        node = failing(wrapped)
    if inspect.iscoroutine(node):
        node.close()
    if not isinstance(node, Node):
        raise UsageError(
            f"Verifier {verifier.name!r}: score gave a {type(node).__name__}, not a node. "
            "Write return run.call(judge, candidate), where judge returns a Score."
        )
    return node


def checked(value: Any, candidate: Candidate | Node[Candidate], verifier: str) -> None:
    """Raise for a value that is no verdict on this candidate."""
    if not isinstance(value, Score):
        raise UsageError(
            f"Verifier {verifier!r} gave a {type(value).__name__}, not a Score: "
            "return Score(value=…), from 0 to 1."
        )
    judged = candidate.value if isinstance(candidate, Node) else candidate
    if value.steps and len(value.steps) != len(judged.steps):
        raise BadReply(
            f"Verifier {verifier!r} scored {len(value.steps)} steps of a solution that has "
            f"{len(judged.steps)}."
        )


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
    retrieval: Operation | None = None
    """What finds documents, called with (query, k)."""
    execution: Operation | None = None
    """What runs a candidate, called with (candidate, exam)."""
    scripts: Operation | None = None
    """What runs a script in the problem's repository, called with (problem, changed files, script)."""
    demonstrations: tuple[Demonstration, ...] = ()
    """Worked examples for strategies that show some, the best first."""
    sampling: Sampling = field(default_factory=Sampling)
    seed: int = 0
    """The replicate: another seed gives other draws of the same prompts."""
    recorded: Recorded = FRESH
    forced_tokens: int = 48
    """Most tokens of a forced last answer."""
    watched: bool = False
    """Whether events are wanted."""
    heard: bool = False
    """Whether the texts of draws are wanted as they grow: events, too."""


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
