"""Every candidate that a run has seen, with its scores."""

from __future__ import annotations

from tts.values import Candidate, Kept, Score


class KeptCandidates:
    """Candidates in canonical order, whatever finished first."""

    def __init__(self) -> None:
        self._candidates: dict[str, tuple[tuple[object, ...], Candidate]] = {}
        self._scores: dict[str, Score] = {}
        self._failures: dict[tuple[object, ...], Exception] = {}

    def add(self, candidate: Candidate, place: tuple[object, ...]) -> None:
        """Keep a drawn candidate; the earliest place in the order stays."""
        known = self._candidates.get(candidate.key)
        if known is None or place < known[0]:
            self._candidates[candidate.key] = (place, candidate)

    def fail(self, error: Exception, place: tuple[object, ...]) -> None:
        """Keep how a node of the run failed."""
        self._failures[place] = error

    @property
    def failure(self) -> Exception | None:
        """The first failure in canonical order, where there is one."""
        return self._failures[min(self._failures)] if self._failures else None

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
