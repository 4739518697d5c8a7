"""Law 3: what repeating a call may do bounds what the executor does with it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tts.errors import CallFailed, CallTimeout, LedgerError, NotSent, Unavailable
from tts.ledger import MemoryJournal
from tts.protocols import IntentRow

HARMFUL = ["write", "irreversible"]


def calling(*tools: Any) -> Any:
    async def solve(problem: Any, run: Any) -> None:
        for tool in tools:
            await run.call(tool, "x")

    return solve


class SlowToCommit(MemoryJournal):
    """Commits take a second; `durable` says what is on disk."""

    def commit(self, *rows: Any) -> Any:
        async def later() -> None:
            await asyncio.sleep(1)
            await super(SlowToCommit, self).commit(*rows)

        return later()


@pytest.mark.parametrize("effect", HARMFUL)
def test_the_intent_is_durable_before_a_harmful_call_is_sent(lab: Any, effect: str) -> None:
    book, seen = SlowToCommit(job="lab"), []
    tool = lab.Tool(effect=effect)
    tool.seconds = lambda *_: seen.append(len(lab.rows(book, IntentRow))) or 0.0
    lab.run(lab.solve(calling(tool), journal=book))
    assert seen == [1]


@pytest.mark.parametrize("effect", HARMFUL)
@pytest.mark.parametrize("error", [Unavailable("?"), CallTimeout("?")])
def test_a_harmful_call_whose_outcome_is_unknown_is_not_repeated(
    lab: Any, effect: str, error: Any
) -> None:
    tool = lab.Tool(effect=effect, errors=[error])
    result = lab.run(lab.solve(calling(tool)))
    assert (result.stopped_by, len(tool.performed)) == ("failed", 1)


@pytest.mark.parametrize("effect", HARMFUL)
def test_a_harmful_call_that_never_left_is_tried_again(lab: Any, effect: str) -> None:
    tool = lab.Tool(effect=effect, errors=[NotSent("down")])
    result = lab.run(lab.solve(calling(tool)))
    assert (result.stopped_by, len(tool.performed)) == ("done", 2)


@pytest.mark.parametrize("effect", HARMFUL)
def test_a_harmful_call_cut_off_by_a_crash_is_not_repeated_by_the_next_process(
    lab: Any, effect: str
) -> None:
    book, tool = lab.MortalJournal(job="lab", life=2), lab.Tool(effect=effect)
    with pytest.raises(LedgerError):
        lab.run(lab.solve(calling(tool), journal=book))
    assert len(tool.performed) == 1
    result = lab.run(lab.solve(calling(tool), journal=lab.again(book)))
    assert (result.stopped_by, len(tool.performed)) == ("failed", 1)
    assert "took effect is unknown" in str(result.error)


@pytest.mark.parametrize("effect", HARMFUL)
def test_a_finished_harmful_call_is_found_again_and_bound_to_its_place(
    lab: Any, effect: str
) -> None:
    book, tool = MemoryJournal(job="lab"), lab.Tool(effect=effect)
    lab.run(lab.solve(calling(tool, tool), journal=book))
    assert len(tool.performed) == 2
    lab.run(lab.solve(calling(tool, tool), journal=lab.again(book)))
    assert len(tool.performed) == 2


def test_equal_reads_are_one_call(lab: Any) -> None:
    tool = lab.Tool(effect="read")
    result = lab.run(lab.solve(calling(tool, tool)))
    assert (len(tool.performed), result.usage.calls, result.billed.calls) == (1, 2, 1)


def test_the_key_of_a_harmful_call_fails_alone(lab: Any) -> None:
    tool = lab.Tool(effect="write", errors=[Unavailable("?")])

    async def solve(problem: Any, run: Any) -> None:
        first, second = run.call(tool, 1), run.call(tool, 1)
        with pytest.raises(CallFailed):
            await first
        await second
        return lab.answer

    assert lab.run(lab.solve(solve)).stopped_by == "done"
