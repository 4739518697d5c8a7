"""Every candidate that a run has seen, with what a verifier said of it."""

from __future__ import annotations

import inspect
from collections import Counter
from typing import Any

from tts.errors import BadReply, CallFailed, Outage, StrategyError, TTSError, UsageError, described
from tts.protocols import Verbs, Verifier
from tts.run.node import Node
from tts.values import Candidate, Kept, Score

LONGEST = 300
"""Characters of a reason."""


class KeptCandidates:
    """Candidates in canonical order, whatever finished first."""

    def __init__(self) -> None:
        self._candidates: dict[str, tuple[tuple[object, ...], Candidate]] = {}
        self._scores: dict[str, Score] = {}
        self._failures: dict[tuple[object, ...], Exception] = {}
        self._asked: set[tuple[object, ...]] = set()
        """Which of the failures are calls that never brought what they were asked for."""
        self.unjudged = False
        """Whether a verifier failed on some candidate: then the others may not be all there are."""
        self.outage: Outage | None = None
        """What a later process has to try again."""

    def add(self, candidate: Candidate, place: tuple[object, ...]) -> None:
        """Keep a drawn candidate; the earliest place in the order stays."""
        known = self._candidates.get(candidate.key)
        if known is None or place < known[0]:
            self._candidates[candidate.key] = (place, candidate)

    def fail(self, error: Exception, place: tuple[object, ...], *, asked: bool) -> None:
        """Keep how a node of the run failed; `asked`: with it a draw or a verdict is missing."""
        self._failures[place] = error
        if asked:
            self._asked.add(place)

    @property
    def failure(self) -> Exception | None:
        """The first failure in canonical order, where there is one."""
        return self._failures[min(self._failures)] if self._failures else None

    @property
    def missing(self) -> dict[str, int]:
        """How many calls failed for good, by reason, the most frequent first; what only depended
        on a failed one is not counted again."""
        counted: set[int] = set()
        reasons: Counter[str] = Counter()
        for place in sorted(self._asked):
            error = self._failures[place]
            if id(error) not in counted and id(error.__cause__) not in counted:
                reasons[reason_of(error)] += 1
            counted.add(id(error))
        return dict(sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0])))

    def score(self, candidate: Candidate, score: Score) -> None:
        self._scores[candidate.key] = score

    def score_of(self, candidate: Candidate) -> Score | None:
        return self._scores.get(candidate.key)

    def all(self) -> tuple[Kept, ...]:
        ordered = sorted(self._candidates.values(), key=lambda pair: pair[0])
        return tuple(Kept(candidate, self.score_of(candidate)) for _, candidate in ordered)

    def final(self) -> tuple[Kept, ...]:
        """Those that ended by themselves: a truncated text is not among them."""
        return tuple(kept for kept in self.all() if kept.candidate.final)


def reason_of(error: Exception) -> str:
    """Why a call failed, without the name of its node."""
    text = str(error)
    if isinstance(error, CallFailed):
        text = text.partition(": ")[2] or text
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


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
