from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.backends.openai_http.spend import Expected, spend
from tts.values import Model

OURS = Expected(prompt_tokens=50, completion_tokens=20)
MODEL = Model(name="m", parameters=10, context_length=4096)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=4,
)
FIELDS = st.sampled_from(
    [
        "prompt_tokens",
        "completion_tokens",
        "total_tokens",
        "cost",
        "prompt_tokens_details",
        "completion_tokens_details",
    ]
)


def test_a_sound_report_is_taken_as_it_is() -> None:
    report = {
        "prompt_tokens": 30,
        "completion_tokens": 8,
        "total_tokens": 38,
        "prompt_tokens_details": {"cached_tokens": 16},
        "completion_tokens_details": {"reasoning_tokens": 5},
    }
    paid = spend(report, OURS, MODEL)
    usage = paid.usage
    assert not paid.estimated
    assert (usage.prompt_tokens, usage.completion_tokens) == (30, 8)
    assert (usage.cached_prompt_tokens, usage.reasoning_tokens) == (16, 5)
    assert usage.flops == 2 * 10 * 38
    assert usage.nanodollars is None


@pytest.mark.parametrize(
    "bad", [None, -1, "12", 1.5, 1e30, 10**30, True, float("nan"), [1], {"a": 1}, 5000, 0]
)
def test_an_impossible_prompt_count_is_replaced_and_flagged(bad: Any) -> None:
    paid = spend({"prompt_tokens": bad, "completion_tokens": 8}, OURS, MODEL)
    assert (paid.usage.prompt_tokens, paid.estimated) == (50, True)


@pytest.mark.parametrize("bad", [None, -1, "12", 1.5, 1e30, 0])
def test_an_impossible_completion_count_is_replaced_and_flagged(bad: Any) -> None:
    paid = spend({"prompt_tokens": 30, "completion_tokens": bad}, OURS, MODEL)
    assert (paid.usage.completion_tokens, paid.estimated) == (20, True)


def test_thoughts_left_out_of_the_completion_are_found_in_the_total() -> None:
    report = {"prompt_tokens": 30, "completion_tokens": 8, "total_tokens": 138}
    paid = spend(report, OURS, MODEL)
    assert (paid.usage.completion_tokens, paid.estimated) == (108, True)


@pytest.mark.parametrize(("cost", "nano"), [(0.0025, 2_500_000), ("0.1", 10**8), (0, 0)])
def test_the_servers_price_is_kept(cost: Any, nano: int) -> None:
    report = {"prompt_tokens": 1, "completion_tokens": 1, "cost": cost}
    paid = spend(report, OURS, MODEL)
    assert (paid.usage.nanodollars, paid.server_price) == (nano, True)


@pytest.mark.parametrize("cost", [None, -1, "free", float("nan"), float("inf"), True, 1e30])
def test_a_garbage_price_is_unknown_not_zero(cost: Any) -> None:
    paid = spend({"prompt_tokens": 1, "completion_tokens": 1, "cost": cost}, OURS, MODEL)
    assert (paid.usage.nanodollars, paid.server_price) == (None, False)


@given(JSON | st.dictionaries(FIELDS, JSON))
def test_no_report_makes_it_raise_negative_or_free(report: Any) -> None:
    usage = spend(report, OURS, MODEL).usage
    assert usage.prompt_tokens > 0 and usage.completion_tokens > 0
    assert 0 <= usage.cached_prompt_tokens <= usage.prompt_tokens
    assert 0 <= usage.reasoning_tokens <= usage.completion_tokens
    assert usage.nanodollars is None or usage.nanodollars >= 0
