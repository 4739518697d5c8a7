"""DeepConf, offline: confident traces vote."""

from __future__ import annotations

from math import isclose
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.strategies.sampling.confidence import SelfCertainty, borda, confidence, group_confidences
from tts.strategies.sampling.deepconf import DeepConf, RollingMean, most_confident
from tts.values import Completion, TokenLogprob

values = st.lists(st.floats(0.1, 9.0), min_size=1, max_size=40)


def token(level: float) -> TokenLogprob:
    return TokenLogprob("x", -0.1, (("x", -level + 0.5), ("y", -level - 0.5)))


def trace(answer: int, *levels: float) -> Completion:
    return Completion(
        text=f"\\boxed{{{answer}}}",
        finish_reason="stop",
        completion_tokens=len(levels),
        logprobs=tuple(token(level) for level in levels),
    )


def test_a_tokens_confidence_is_the_mean_over_its_alternatives_not_its_own_logprob() -> None:
    level = token(3.0).confidence
    assert level is not None and isclose(level, 3.0)
    assert TokenLogprob("x", -0.1).confidence is None


def test_the_measures_of_a_trace() -> None:
    levels = [4.0, 2.0, 6.0, 8.0]
    assert group_confidences(levels, 2) == [3.0, 4.0, 7.0]
    told = {m: confidence(levels, m, 2) for m in ("mean", "tail", "bottom", "lowest")}
    assert told == {"mean": 5.0, "tail": 7.0, "bottom": 3.0, "lowest": 3.0}
    assert confidence(levels, "lowest", 99) == 5.0 and confidence((), "mean", 2) is None


@given(levels=values, window=st.integers(1, 12))
def test_a_rolling_mean_finds_the_lowest_window(levels: list[float], window: int) -> None:
    rolling = RollingMean(window)
    rolling.add(levels)
    if len(levels) >= window:
        lowest = min(group_confidences(levels, window))
        assert isclose(rolling.lowest, lowest, rel_tol=1e-9, abs_tol=1e-9)
    assert rolling.full is (len(levels) >= window)


@given(levels=values, share=st.floats(0.05, 1.0))
def test_the_most_confident_share_is_kept_and_never_nothing(
    levels: list[float], share: float
) -> None:
    kept = most_confident(levels, share)
    assert kept and min(levels[i] for i in kept) >= max(
        (level for i, level in enumerate(levels) if i not in kept), default=0.0
    )
    assert most_confident([None, *levels], share) == list(range(len(levels) + 1))


def test_a_confident_minority_wins(lab: Any) -> None:
    lines = [trace(1, 2.0), trace(1, 2.1), trace(1, 2.2), trace(7, 9.0)]
    result = lab.run(lab.solve(DeepConf(n=4, keep=0.25), lab.words(lambda _, __, i: lines[i])))
    assert result.answer == "7"


def test_the_final_answer_is_weighted_and_not_a_plain_majority(lab: Any) -> None:
    lines = [trace(1, 2.0), trace(1, 2.0), trace(7, 9.0)]
    result = lab.run(lab.solve(DeepConf(n=3, keep=1.0), lab.words(lambda _, __, i: lines[i])))
    assert result.answer == "7"


def test_without_log_probabilities_it_is_a_majority_vote(lab: Any) -> None:
    model = lab.scripted({0: "\\boxed{1}", 1: "\\boxed{1}", 2: "\\boxed{7}"})
    assert lab.run(lab.solve(DeepConf(n=3), model)).answer == "1"
    model = lab.scripted({0: "\\boxed{1}", 1: "\\boxed{1}", 2: "\\boxed{7}"})
    assert lab.run(lab.solve(SelfCertainty(n=3), model)).answer == "1"


def test_self_certainty_votes_by_rank() -> None:
    assert borda([1.0, 3.0, 2.0], 1.0) == [1.0, 3.0, 2.0]
    assert borda([1.0, 3.0, None], 2.0) == [1.0, 4.0, None]
    assert borda([1.0, 3.0], 0.0) == [1.0, 1.0]


def test_great_power_takes_the_most_certain_draw(lab: Any) -> None:
    lines = [trace(1, 2.0), trace(1, 2.1), trace(7, 9.0)]
    for power, answer in ((0.0, "1"), (4.0, "7")):
        strategy = SelfCertainty(n=3, power=power)
        result = lab.run(lab.solve(strategy, lab.words(lambda _, __, i: lines[i])))
        assert result.answer == answer


@pytest.mark.parametrize("wrong", [{"keep": 0}, {"measure": "loudest"}, {"window": 0}])
def test_impossible_parameters_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        DeepConf(**wrong)
