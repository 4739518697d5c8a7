"""PRM-X-max and PRM-X-vote."""

from __future__ import annotations

from typing import Any

import pytest

from tts.strategies import BestOfN, MajorityVote, WeightedBestOfN

LINES = {0: "a\n\nb\n\n\\boxed{1}", 1: "c\n\nd\n\n\\boxed{2}", 2: "c\n\nd\n\n\\boxed{2}"}
SCORES = {"a": 0.2, "b": 0.9, "\\boxed{1}": 0.9, "c": 0.5, "d": 0.5, "\\boxed{2}": 0.5}


@pytest.mark.parametrize(
    ("how", "best", "voted"),
    [("last", "1", "2"), ("min", "2", "2"), ("mean", "1", "2"), ("prod", "1", "2")],
)
def test_step_scores_are_aggregated_as_asked(lab: Any, how: Any, best: str, voted: str) -> None:
    for strategy, answer in ((BestOfN, best), (WeightedBestOfN, voted)):
        chosen = strategy(n=3, aggregate=how)
        assert lab.run(lab.solve(chosen, lab.scripted(LINES), scores=SCORES)).answer == answer


def test_stop_rules_fit_any_sampling_strategy(lab: Any) -> None:
    same = lab.words(lambda *_: "\\boxed{4}")
    for strategy in (MajorityVote(n=16, stop="beta"), WeightedBestOfN(n=16, stop="window")):
        result = lab.run(lab.solve(strategy, same))
        assert result.answer == "4" and result.spend["sample"].calls < 16


@pytest.mark.parametrize(
    "build",
    [
        lambda: BestOfN(aggregate="sum"),  # type: ignore[arg-type]
        lambda: BestOfN(stop="soon"),  # type: ignore[arg-type]
        lambda: MajorityVote(stop="gain"),
    ],
)
def test_rules_that_do_not_exist_are_refused(build: Any) -> None:
    with pytest.raises(ValueError):
        build()
