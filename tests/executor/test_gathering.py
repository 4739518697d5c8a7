"""Calls that wait for others before they leave are on record from then on, and cost nothing before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from tts.errors import Unavailable
from tts.ledger import MemoryJournal
from tts.protocols import Answer, Draw, IntentRow, Meter, SettledRow


def gathering(lab: Any, *, leaves: Sequence[bool], **how: Any) -> Any:
    """A tool whose attempts leave, or fail or answer without having left."""
    left = list(leaves)

    class Gathering(lab.Tool):  # type: ignore[misc]
        async def perform(
            self, args: tuple[Any, ...], draws: Sequence[Draw], meter: Meter
        ) -> Answer:
            if left.pop(0):
                assert meter.leave is not None
                await meter.leave()
            answer: Answer = await super().perform(args, draws, meter)
            return answer

    return Gathering(gathers=True, **how)


def solved(lab: Any, tool: Any, book: MemoryJournal) -> None:
    async def solve(problem: Any, run: Any) -> None:
        await run.call(tool, 1)

    lab.run(lab.solve(solve, journal=book))


def ended(lab: Any, book: MemoryJournal) -> list[tuple[str, int, int]]:
    rows = lab.rows(book, SettledRow)
    return [(row.state, row.billed.calls, row.billed.prompt_tokens) for row in rows]


@pytest.mark.parametrize("left", [True, False])
def test_what_answered_is_on_record_once_whether_it_left_or_was_found(lab: Any, left: bool) -> None:
    book = MemoryJournal(job="lab")
    solved(lab, gathering(lab, leaves=[left]), book)
    assert ended(lab, book) == [("settled", 1, 1)]
    assert len(lab.rows(book, IntentRow)) == 1


@pytest.mark.parametrize(
    ("left", "first"), [(True, ("sent_unknown", 1, 10)), (False, ("not_sent", 0, 0))]
)
def test_what_failed_counts_at_worst_where_it_left_and_nothing_before(
    lab: Any, left: bool, first: tuple[str, int, int]
) -> None:
    book = MemoryJournal(job="lab")
    tool = gathering(lab, leaves=[left, True], errors=[Unavailable("it is down")])
    solved(lab, tool, book)
    assert ended(lab, book) == [first, ("settled", 1, 1)]
    assert lab.rows(book, SettledRow)[0].error == "Unavailable: it is down"


def test_what_waited_too_long_for_others_costs_nothing(lab: Any) -> None:
    book = MemoryJournal(job="lab")
    times = [100.0, 1.0]
    slow = {"seconds": lambda *_: times.pop(0), "timeout": 10.0}
    tool = gathering(lab, leaves=[False, True], **slow)
    solved(lab, tool, book)
    assert ended(lab, book) == [("not_sent", 0, 0), ("settled", 1, 1)]
