"""What a verifier says, taken from it at the boundary."""

from __future__ import annotations

import inspect
from typing import Any

from tts.errors import BadReply, StrategyError, TTSError, UsageError, described
from tts.graph import Node
from tts.protocols import Verbs, Verifier
from tts.values import Candidate, Score


def asked(verifier: Verifier, candidate: Candidate | Node[Candidate], run: Verbs) -> Node[Score]:
    """The node of a verdict, whatever `score` does: one that raises gives a node that fails.

    Raises `UsageError` where it gives no node at all, since it would never give one.
    """
    try:
        node: Any = verifier.score(candidate, run)
    except TTSError:
        raise
    except Exception as error:  # noqa: BLE001 — a verifier's own code may raise anything
        wrapped = StrategyError(f"Verifier {verifier.name!r} raised {described(error)}.")
        wrapped.__cause__ = error
        node = run.call(_raised, candidate, wrapped)
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


def _raised(candidate: Candidate, error: Exception) -> Score:
    raise error
