"""Several plans at once: the first sound one runs."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tts.errors import BadRequest, Unavailable, UsageError
from tts.planner import PlanSettings
from tts.protocols import GenerateReply
from tts.values import Completion, Usage

GOOD = '1. look(name="abc")\nanswer = $1\n'
BETTER = '1. look(name="abcd")\nanswer = $1\n'
FAULTY = '1. lok(name="abc")\nanswer = $1\n'


class Racing:
    """Writes the next text after the next time, or raises."""

    def __init__(self, inner: Any, *turns: tuple[float, str | Exception]) -> None:
        self.inner, self.turns, self.left = inner, list(turns), 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def generate(self, request: Any, meter: Any, listener: Any = None) -> GenerateReply:
        seconds, text = self.turns.pop(0)
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            self.left += 1
            raise
        if isinstance(text, Exception):
            raise text
        completion = Completion(text=text, finish_reason="stop", completion_tokens=5)
        return GenerateReply(completions=(completion,), usage=Usage(calls=1, completion_tokens=5))


def race(workshop: Any, lab: Any, *turns: tuple[float, str | Exception], **how: Any) -> Any:
    writer = Racing(lab.words([]), *turns)
    result = workshop.solve(generator=writer, race=2, temperature=1.0, **how)
    return result, writer


def test_the_first_sound_plan_runs_and_the_other_is_cancelled(workshop: Any, lab: Any) -> None:
    result, writer = race(workshop, lab, (50, BETTER), (1, GOOD))
    assert result.answer == '{"height":3.0}'
    assert (writer.left, workshop.asked("look")) == (1, ["abc"])


def test_a_faulty_plan_that_comes_first_does_not_win(workshop: Any, lab: Any) -> None:
    result, writer = race(workshop, lab, (1, FAULTY), (2, BETTER))
    assert result.answer == '{"height":4.0}'
    assert writer.left == 0


def test_where_no_plan_is_sound_one_of_them_is_repaired(workshop: Any, lab: Any) -> None:
    result, _ = race(workshop, lab, (1, FAULTY), (2, FAULTY), (1, '1. look(name="abc")\n'))
    assert result.answer == '{"height":3.0}'


def test_where_every_planner_fails_the_run_fails_with_its_error(workshop: Any, lab: Any) -> None:
    gone = [(0.0, BadRequest("gone"))] * 2
    result, _ = race(workshop, lab, *gone)
    assert (result.stopped_by, "gone" in result.error) == ("failed", True)


def test_where_no_planner_can_be_reached_the_run_stays_open(workshop: Any, lab: Any) -> None:
    gone = [(0.0, Unavailable("gone"))] * 12
    result, _ = race(workshop, lab, *gone)
    assert (result.stopped_by, "gone" in result.error) == ("outage", True)


def test_a_race_is_repeated_by_a_replay(workshop: Any, lab: Any) -> None:
    from tts.ledger import MemoryJournal

    journal = MemoryJournal(job="lab")
    race(workshop, lab, (1, FAULTY), (2, BETTER), journal=journal)
    again, writer = race(workshop, lab, journal=lab.again(journal))
    assert again.answer == '{"height":4.0}'
    assert workshop.asked("look") == ["abcd"]
    assert writer.turns == []


@pytest.mark.parametrize("how", [{"race": 0}, {"race": 2}])
def test_a_race_of_equal_plans_is_refused(how: Any) -> None:
    with pytest.raises(UsageError, match="temperature"):
        PlanSettings(**how)
