"""First finish: the earliest answers vote, the rest is cancelled."""

from __future__ import annotations

from typing import Any

import pytest

from tts.ledger import MemoryJournal
from tts.protocols import OutcomeRow
from tts.strategies.sampling.majority_vote import FirstFinish
from tts.values import Completion

LINES = [f"{'so ' * i}\\boxed{{{i % 2}}}" for i in range(8)]


def test_only_as_many_as_asked_for_vote_and_the_others_are_cancelled(lab: Any) -> None:
    slow = lab.Slow(lab.scripted(LINES), shuffle=3)
    result = lab.run(lab.solve(FirstFinish(n=8, m=3), slow))
    assert len([k for k in result.candidates if k.candidate.answer]) == 3
    assert slow.cancelled == 5


def test_a_cut_text_is_not_the_first_to_finish(lab: Any) -> None:
    cut = Completion(text="\\boxed{1}", finish_reason="length", completion_tokens=1)
    lines = [cut, cut, cut, "so \\boxed{2}"]
    result = lab.run(lab.solve(FirstFinish(n=4, m=1), lab.words(lambda _, __, i: lines[i])))
    assert result.answer == "2"


def test_a_replay_repeats_the_recorded_order(lab: Any) -> None:
    book = MemoryJournal(job="lab")
    first = lab.run(
        lab.solve(FirstFinish(n=8, m=3), lab.Slow(lab.scripted(LINES), shuffle=1), journal=book)
    )
    assert any(isinstance(row, OutcomeRow) and row.kind == "join" for row in book.rows)
    other = lab.Slow(lab.scripted(LINES), shuffle=2)
    again = lab.run(lab.solve(FirstFinish(n=8, m=3), other, journal=lab.again(book)))
    assert again.answer == first.answer and again.usage == first.usage


def test_fewer_answers_than_asked_for_still_vote(lab: Any) -> None:
    lines = ["no answer", "\\boxed{4}", "none", "none either"]
    result = lab.run(lab.solve(FirstFinish(n=4, m=3), lab.scripted(dict(enumerate(lines)))))
    assert result.answer == "4"


@pytest.mark.parametrize("wrong", [{"n": 2, "m": 3}, {"m": 0}])
def test_impossible_parameters_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        FirstFinish(**wrong)
