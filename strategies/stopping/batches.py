"""Draws in parallel batches, with the stop rule asked between them."""

from __future__ import annotations

from msgspec import Struct

from tts.run import Run
from tts.strategies.selection import Judged
from tts.strategies.stopping.seen import Seen, look
from tts.strategies.stopping.stop_rule import StopRule
from tts.values import Kept, Problem, Scored


class Drawn(Struct, frozen=True):
    """What was drawn before the rule stopped, and how much of it the rule needed."""

    kept: tuple[Judged, ...]
    submitted: int
    """Draws paid for, failed ones included."""
    needed: int
    """Draws after which the rule held for the first time; all of them where it never did."""

    @property
    def overshoot(self) -> int:
        """Draws of the last batch that a one-at-a-time loop would have saved."""
        return len(self.kept) - self.needed


async def in_batches(
    problem: Problem, run: Run, *, rule: StopRule, n: int, batch: int, scored: bool = False
) -> Drawn:
    """At most `n` draws, `batch` at once; every draw that was paid for is kept and may vote.

    The rule sees draws in order of submission, so that the result does not depend on timing.
    """
    kept: list[Judged] = []
    submitted, seen = 0, Seen(())
    while submitted < n and not rule.stops(seen):
        drafts = run.sample(problem, n=min(batch, n - submitted))
        submitted += len(drafts)
        judged = [
            run.call(Scored, draft, run.score(draft)) if scored else run.call(Kept, draft)
            for draft in drafts
        ]
        kept += await run.all(judged)
        seen = await run.call(look, kept, run) if batch < n else seen
    needed = (k for k in range(1, len(kept)) if rule.stops(seen.first(k)))
    return Drawn(tuple(kept), submitted, next(needed, len(kept)))
