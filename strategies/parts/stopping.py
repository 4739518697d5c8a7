"""Draws in parallel batches, with the stop rule asked between them."""

from __future__ import annotations

from msgspec import Struct

from tts.graph import Node
from tts.run import Run
from tts.strategies.parts.select import Judged, judged
from tts.strategies.stopping.seen import Seen, look
from tts.strategies.stopping.stop_rule import StopRule
from tts.values import Kept, Problem


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

    The rule sees draws one by one in order of submission, so that it stops where a loop over single
    draws would, at the end of that batch, whatever the timing.
    """
    kept: list[Judged] = []
    submitted, needed = 0, 0
    while submitted < n and not needed:
        drafts = run.sample(problem, n=min(batch, n - submitted))
        submitted += len(drafts)
        nodes: list[Node[Judged]] = [
            run.call(judged, draft, run.score(draft)) if scored else run.call(Kept, draft)
            for draft in drafts
        ]
        before = len(kept)
        kept += await run.all(nodes)
        if batch < n:
            seen: Seen = await run.call(look, kept, run)
            fresh = range(before + 1, len(kept) + 1)
            needed = next((k for k in fresh if rule.stops(seen.first(k))), 0)
    return Drawn(tuple(kept), submitted, needed or len(kept))
