"""Confidence of traces: what DeepConf votes with, and what it cancels while it is written."""

from __future__ import annotations

import asyncio
from math import isclose
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts.errors import LedgerError
from tts.ledger import MemoryJournal
from tts.protocols import GenerateReply, GenerateRequest, Meter
from tts.strategies.sampling.confidence import (
    DeepConf,
    DeepConfOnline,
    RollingMean,
    SelfCertainty,
    borda,
    confidence,
    group_confidences,
    most_confident,
)
from tts.values import Completion, Piece, Sampling, TokenLogprob, Usage

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


STRATEGY = DeepConfOnline(n=12, warmup=4, keep=0.5, window=3, consensus=1.0)
SAMPLING = Sampling(max_tokens=40)


def levels(index: int) -> list[float]:
    """Odd traces sink in their middle; confident ones do not."""
    dice = Random(index)
    base = [5.0 + dice.random() for _ in range(20)]
    return [2.0 if index % 2 and 6 <= place < 10 else level for place, level in enumerate(base)]


class Streaming:
    """Writes a token a second; `told` says whether log-probabilities come with the text."""

    def __init__(self, inner: Any, *, shuffle: int = 0, told: bool = True) -> None:
        self.inner, self.shuffle, self.told = inner, shuffle, told
        self.written: dict[int, int] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    async def generate(
        self, request: GenerateRequest, meter: Meter, listener: Any = None
    ) -> GenerateReply:
        [index], drawn = request.indices, list[TokenLogprob]()
        pace = 0.5 + Random(f"{self.shuffle} {index}").random()
        prompt = self.inner.count_prompt(request.messages, request.prefix)
        for place, level in enumerate(levels(index)):
            await asyncio.sleep(pace)
            drawn.append(TokenLogprob("so ", -0.1, (("so ", -level),)))
            self.written[index] = place + 1
            meter.usage = Usage(calls=1, prompt_tokens=prompt, completion_tokens=place + 1)
            if listener is not None:
                listener(0, Piece("so ", (drawn[-1],) if self.told else ()))
        text = "so " * len(drawn) + f"\\boxed{{{index % 4}}}"
        completion = Completion(
            text=text,
            finish_reason="stop",
            completion_tokens=len(drawn),
            logprobs=tuple(drawn),
        )
        return GenerateReply(completions=(completion,), usage=meter.usage or Usage())


def solved(lab: Any, strategy: Any = STRATEGY, **how: Any) -> tuple[Any, Streaming]:
    journal = how.pop("journal", None)
    model = Streaming(lab.words([]), **how)
    result = lab.run(lab.solve(strategy, model, journal=journal, sampling=SAMPLING))
    return result, model


def test_weak_traces_are_cancelled_at_their_first_weak_window(lab: Any) -> None:
    _, model = solved(lab)
    weak = [count for index, count in model.written.items() if index >= 4 and index % 2]
    strong = [count for index, count in model.written.items() if index >= 4 and not index % 2]
    assert strong == [20] * 4 and len(weak) == 4 and max(weak) <= 10


def test_what_a_cancelled_trace_wrote_is_charged(lab: Any) -> None:
    result, model = solved(lab)
    assert result.usage.completion_tokens == sum(model.written.values())
    assert result.usage.calls == 12


def test_weak_traces_do_not_vote_the_warm_ups_among_them_included(lab: Any) -> None:
    result, _ = solved(lab)
    assert result.answer in ("0", "2") and result.candidate.confidences


@settings(max_examples=10)
@given(shuffle=st.integers(0, 999))
def test_pace_changes_what_is_saved_and_not_the_answer(lab: Any, shuffle: int) -> None:
    quiet = DeepConfOnline(n=12, warmup=4, keep=0.5, window=3, consensus=1.0)
    slow, fast = solved(lab, quiet, shuffle=shuffle)[0], solved(lab, quiet)[0]
    assert slow.answer == fast.answer


def test_without_streamed_log_probabilities_whole_traces_are_judged_alike(lab: Any) -> None:
    deaf, model = solved(lab, told=False)
    assert deaf.answer == solved(lab)[0].answer
    assert set(model.written.values()) == {20}


def test_a_consensus_cancels_what_is_still_written(lab: Any) -> None:
    strategy = DeepConfOnline(n=12, warmup=4, keep=1.0, window=3, consensus=0.51)
    _, model = solved(lab, strategy, shuffle=5)
    assert min(model.written.values()) < 20


def test_a_replay_repeats_cancellations_and_answer_without_a_call(lab: Any) -> None:
    book = MemoryJournal(job="lab")
    first, _ = solved(lab, journal=book)
    again, model = solved(lab, journal=lab.again(book), shuffle=9)
    assert (again.answer, again.usage) == (first.answer, first.usage) and not model.written


def test_a_killed_run_goes_on(lab: Any) -> None:
    whole = solved(lab)[0].answer
    for life in range(6, 60, 6):
        book = lab.MortalJournal(job="lab", life=life)
        try:
            solved(lab, journal=book)
        except LedgerError:
            assert solved(lab, journal=lab.again(book))[0].answer == whole
