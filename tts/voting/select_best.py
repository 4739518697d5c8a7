"""The candidate with the highest score."""

from __future__ import annotations

from collections.abc import Sequence

from tts.values import Scored
from tts.voting.aggregate import Aggregate
from tts.voting.ballots import is_finished
from tts.voting.rating import rating


def select_best(scored: Sequence[Scored | None], *, how: Aggregate | None = None) -> Scored | None:
    """Best-of-N (PRM-`how`-max): the highest score, of equals the earliest submitted.

    Finished candidates with an answer go before finished ones without, and these before cut ones.
    """
    items = [item for item in scored if item is not None]
    return max(items, key=lambda item: (*_standing(item), rating(item, how)), default=None)


def _standing(item: Scored) -> tuple[bool, bool]:
    finished = is_finished(item.candidate)
    return finished, finished and item.candidate.answer is not None
