"""A verdict is its mean over the labels that a model might have said, where they are reported."""

from __future__ import annotations

from math import log
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.backends.scripted import ScriptedGenerator
from tts.values import Capabilities, Completion, Sampling, TokenLogprob
from tts.verifiers.asking import Asking
from tts.verifiers.comparison import PairwiseWording
from tts.verifiers.judge import MARKS, PointwiseWording


def reply(*tokens: str, **chances: float) -> Completion:
    """Tokens, of which the last label has these alternatives; `_7` stands for ` 7`."""
    top = tuple((name.replace("_", " "), log(value)) for name, value in chances.items())
    at = max(i for i, one in enumerate(tokens) if any(one == name for name, _ in top) or i == 1)
    chosen = tuple(
        TokenLogprob(one, dict(top).get(one, log(0.5)), top if i == at else ())
        for i, one in enumerate(tokens)
    )
    return Completion(text="".join(tokens), finish_reason="stop", logprobs=chosen)


def test_a_mark_is_the_mean_of_the_marks_by_their_probabilities() -> None:
    told = reply("Score:", " 7", _7=0.6, _9=0.3, _x=0.1)
    assert PointwiseWording().read(told, 1) == pytest.approx((0.6 * 0.7 + 0.3 * 0.9) / 0.9)


def test_the_best_mark_in_two_tokens_is_weighed_by_its_first() -> None:
    told = reply("Score: ", "1", "0", **{"1": 0.75, "9": 0.25})
    assert PointwiseWording().read(told, 1) == pytest.approx(0.75 + 0.25 * 0.9)


def test_a_token_that_may_begin_another_mark_counts_for_none() -> None:
    told = reply("Score: ", "8", **{"8": 0.5, "1": 0.5})
    assert PointwiseWording().read(told, 1) == pytest.approx(0.8)


def test_a_comparison_is_the_share_that_the_model_gives_to_a() -> None:
    told = reply("Better:", " A", _A=0.5, _B=0.25, _equal=0.25)
    assert PairwiseWording().read(told, 2) == pytest.approx(0.5 + 0.25 / 2)


@given(st.dictionaries(st.sampled_from(sorted(set(MARKS) - {"1", "10"})), st.floats(0.01, 1)))
def test_an_expectation_lies_between_the_least_and_the_greatest_label(
    chances: dict[str, float],
) -> None:
    chances = {"7": 0.5, **chances}
    found = PointwiseWording().read(reply("Score: ", "7", **chances), 1)
    values = [MARKS[one] for one in chances]
    assert min(values) - 1e-9 <= found <= max(values) + 1e-9


@pytest.mark.parametrize(
    ("wording", "text", "verdict"),
    [
        (PointwiseWording(), "Score: 7", 0.7),
        (PointwiseWording(), "I rate it 7 of 10.", 0.7),
        (PairwiseWording(), "Better: A", 1.0),
    ],
)
def test_without_log_probabilities_the_word_itself_is_the_verdict(
    wording: Any, text: str, verdict: float
) -> None:
    assert wording.read(Completion(text=text, finish_reason="stop"), 2) == verdict


@pytest.mark.parametrize("reports", [True, False])
def test_log_probabilities_are_asked_for_only_where_they_are_reported(reports: bool) -> None:
    generator = ScriptedGenerator([], capabilities=Capabilities(logprobs=reports))
    sampling = Sampling(temperature=0.0, logprobs=5)
    asking = Asking(generator, wording=PointwiseWording(), sampling=sampling)
    assert asking.sampling.logprobs == (5 if reports else None)


def test_comparisons_with_one_pivot_begin_alike_as_far_as_the_other_solution(lab: Any) -> None:
    generator = ScriptedGenerator(lambda *_: "Better: A")
    asking = Asking(generator, wording=PairwiseWording(), sampling=lab.sampling)
    pivot, one, other = (_named(lab, text) for text in ("pivot", "some", "other"))
    there, back = (list(asking.prefixes(([pivot, left],))) for left in (one, other))
    assert [mark for mark, _ in there[1:]] == [mark for mark, _ in back[1:]]
    assert there[0][0] != back[0][0]
    counts = [count() for _, count in there]
    assert counts == sorted(counts, reverse=True) and len(counts) == 3


def _named(lab: Any, text: str) -> Any:
    from msgspec.structs import replace

    return replace(lab.answer, text=text, key=text)
