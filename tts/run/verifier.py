"""What judges candidates, and what it says, taken from it at the boundary."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from tts.errors import BadReply, StrategyError, TTSError, UsageError, described
from tts.run.node import Node
from tts.values import Candidate, Score

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
