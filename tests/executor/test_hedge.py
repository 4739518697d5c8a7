"""A straggler is sent once more; one answer counts and both attempts are billed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tts.errors import UsageError
from tts.executor.hedge import ENOUGH
from tts.ledger import MemoryJournal
from tts.protocols import SettledRow
from tts.tools import tool
from tts.tools.tool import read_hedge
from tts.values import Budget


def timed(*seconds: float) -> Any:
    """Each attempt takes the next of these times."""
    left = list(seconds)
    return lambda *_: left.pop(0)


def calls(made: Any, times: int = 1) -> Any:
    """Calls one after the other; keeps when each of them ended."""
    ends: list[float] = []

    async def solve(problem: Any, run: Any) -> None:
        for number in range(times):
            await run.call(made, number)
            ends.append(asyncio.get_running_loop().time())

    solve.ends = ends  # type: ignore[attr-defined]
    return solve


def billed(book: MemoryJournal, lab: Any) -> list[tuple[str, int]]:
    return [(row.state, row.billed.calls) for row in lab.rows(book, SettledRow)]


def test_the_first_answer_counts_and_the_other_attempt_is_cancelled_and_billed(lab: Any) -> None:
    book = MemoryJournal(job="lab")
    slow = lab.Tool(hedge=2.0, seconds=timed(100, 1))
    strategy = calls(slow)
    result = lab.run(lab.solve(strategy, journal=book))
    assert strategy.ends == [pytest.approx(3)]
    assert sorted(billed(book, lab)) == [("sent_unknown", 1), ("settled", 1)]
    assert (result.usage.calls, result.billed.calls) == (1, 2)


def test_a_call_that_answers_in_time_is_sent_once(lab: Any) -> None:
    quick = lab.Tool(hedge=2.0, seconds=1.5)
    lab.run(lab.solve(calls(quick)))
    assert len(quick.performed) == 1


def test_the_slow_attempt_may_still_win(lab: Any) -> None:
    slow = lab.Tool(hedge=2.0, seconds=timed(3, 100))
    strategy = calls(slow)
    lab.run(lab.solve(strategy))
    assert strategy.ends == [pytest.approx(3)]


@pytest.mark.parametrize("effect", ["write", "irreversible"])
def test_a_harmful_call_is_never_sent_twice(lab: Any, effect: Any) -> None:
    harmful = lab.Tool(effect=effect, hedge=1.0, seconds=10)
    lab.run(lab.solve(calls(harmful)))
    assert len(harmful.performed) == 1


def test_a_quantile_needs_enough_calls_to_be_known(lab: Any) -> None:
    several = lab.Tool(hedge_quantile=0.5, seconds=timed(*[1.0] * ENOUGH, 100, 1))
    strategy = calls(several, ENOUGH + 1)
    lab.run(lab.solve(strategy))
    assert strategy.ends[-1] == pytest.approx(ENOUGH + 2)
    assert len(several.performed) == ENOUGH + 2


def test_a_second_attempt_waits_for_a_slot_under_the_cap(lab: Any) -> None:
    slow = lab.Tool(hedge=1.0, seconds=5)
    lab.run(lab.solve(calls(slow), limit=1))
    assert len(slow.performed) == 1


def test_a_wallet_without_room_keeps_the_second_attempt_back(lab: Any) -> None:
    slow = lab.Tool(hedge=1.0, seconds=5)
    result = lab.run(lab.solve(calls(slow), wallet=Budget(calls=1)))
    assert (result.stopped_by, len(slow.performed)) == ("done", 1)


def test_where_the_first_fails_the_second_decides(lab: Any) -> None:
    slow = lab.Tool(hedge=1.0, seconds=timed(3, 5), errors=[ValueError("first"), None], retries=0)
    result = lab.run(lab.solve(calls(slow)))
    assert (result.stopped_by, len(slow.performed)) == ("done", 2)


def test_a_resumed_run_repeats_neither_attempt(lab: Any) -> None:
    book = MemoryJournal(job="lab")
    slow = lab.Tool(hedge=2.0, seconds=timed(100, 1))
    lab.run(lab.solve(calls(slow), journal=book))
    lab.run(lab.solve(calls(slow), journal=lab.again(book)))
    assert len(slow.performed) == 2


@pytest.mark.parametrize(
    ("hedge", "found"), [(None, (None, None)), (2, (2.0, None)), ("p95", (None, 0.95))]
)
def test_a_hedge_is_seconds_or_a_quantile(hedge: Any, found: Any) -> None:
    assert read_hedge(hedge, "read") == found


@pytest.mark.parametrize("hedge", ["95", "p100", "often", -1.0, float("nan")])
def test_any_other_hedge_is_refused(hedge: Any) -> None:
    with pytest.raises(UsageError, match="hedge"):
        read_hedge(hedge, "read")


def test_a_tool_with_an_effect_cannot_ask_for_it() -> None:
    with pytest.raises(UsageError, match="never made twice"):
        tool(effect="write", hedge=1.0)(calls)


def test_the_gate_is_left_by_both_attempts(lab: Any) -> None:
    slow = lab.Tool(hedge=1.0, seconds=timed(50, 1, 50, 1, 50, 1))
    strategy = calls(slow, 3)
    lab.run(lab.solve(strategy, limit=2))
    assert strategy.ends == [pytest.approx(2), pytest.approx(4), pytest.approx(6)]
