"""Every candidate that a run has seen, with its scores."""

from __future__ import annotations

from collections import Counter

from tts.errors import CallFailed, Outage
from tts.values import Candidate, Kept, Reason, Score

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
        self.reasons: list[Reason] = []
        """Why the run went on as it did, as its strategy tells."""
        self._unread: dict[tuple[object, ...], int] = {}
        """Tokens behind what was read of a draw, by the place of its node: a draw that several
        nodes use is charged to each of them."""
        self.outage: Outage | None = None
        """What a later process has to try again."""

    def add(self, candidate: Candidate, place: tuple[object, ...]) -> None:
        """Keep a drawn candidate; the earliest place in the order stays."""
        known = self._candidates.get(candidate.key)
        if known is None or place < known[0]:
            self._candidates[candidate.key] = (place, candidate)
        if candidate.unread_tokens is not None:
            self._unread[place] = candidate.unread_tokens

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
    def unread_tokens(self) -> int | None:
        """Tokens behind what was read of all draws; None where no draw was read by lines."""
        return sum(self._unread.values()) if self._unread else None

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
