"""What a stop rule looks at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from msgspec import Struct

from tts.run import Run
from tts.strategies.parts.select import Judged
from tts.voting import ballots


class Seen(Struct, frozen=True):
    """The draws so far, in order of submission."""

    classes: tuple[int | None, ...]
    """Which class of equal answers each draw votes for; None where it has no vote."""
    scores: tuple[float | None, ...] = ()
    """The verifier's value of each draw, None where it has none."""

    @property
    def counts(self) -> tuple[int, ...]:
        """Votes per class, most first."""
        votes = Counter(place for place in self.classes if place is not None)
        return tuple(sorted(votes.values(), reverse=True))

    def first(self, k: int) -> Seen:
        """What was seen when `k` draws had come."""
        return Seen(self.classes[:k], self.scores[:k])


async def look(kept: Sequence[Judged], run: Run) -> Seen:
    """Sort the answers into classes; the rule of equality is that of votes."""
    votes = ballots([entry.candidate for entry in kept])
    voters = [place for place, vote in enumerate(votes) if vote is not None]
    groups = await run.equivalence.groups([votes[place] or "" for place in voters])
    classes: list[int | None] = [None] * len(votes)
    for number, members in enumerate(groups):
        for member in members:
            classes[voters[member]] = number
    scores = tuple(entry.score.value if entry.score else None for entry in kept)
    return Seen(tuple(classes), scores)
