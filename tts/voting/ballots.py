"""Who may vote."""

from __future__ import annotations

from collections.abc import Sequence

from tts.values import Candidate


def ballots(candidates: Sequence[Candidate | None]) -> list[str | None]:
    """The answer that each position votes for, None where it has no vote.

    No vote: a failed call (None), a text that was cut, a text without an answer, and every
    appearance of one draw after its first, as where a beam was padded with copies.
    """
    seen: set[str] = set()
    votes: list[str | None] = []
    for candidate in candidates:
        counts = candidate is not None and is_finished(candidate) and candidate.key not in seen
        votes.append(candidate.answer if candidate is not None and counts else None)
        if candidate is not None:
            seen.add(candidate.key)
    return votes


def is_finished(candidate: Candidate) -> bool:
    """Whether a candidate ended by itself rather than at its token limit."""
    return candidate.final and candidate.finish_reason != "length"
