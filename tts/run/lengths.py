"""How long the draws of a run have been so far."""

from __future__ import annotations

from bisect import insort
from collections import defaultdict
from math import ceil

LIKELY = 0.9
"""Share of the draws that a likely length is to hold."""


class Lengths:
    """Tokens of each draw that came, by kind.

    What it says depends on which draws came and never on the order in which they did.
    """

    def __init__(self) -> None:
        self._sorted: defaultdict[str, list[int]] = defaultdict(list)

    def note(self, kind: str, tokens: int) -> None:
        insort(self._sorted[kind], tokens)

    def likely(self, kind: str) -> int | None:
        """A length that the next draw exceeds in at most one case of ten; None: nothing is known.

        Of exchangeable draws the next is no longer than the k-th shortest of m with a probability
        of k / (m + 1) at least (split conformal prediction; Vovk et al. 2005). Where m is too small
        for that, it is twice the longest.
        """
        known = self._sorted.get(kind)
        if not known:
            return None
        rank = ceil(LIKELY * (len(known) + 1))
        return known[rank - 1] if rank <= len(known) else 2 * known[-1]
