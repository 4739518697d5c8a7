from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.backends.openai_http import PromptCount
from tts.backends.openai_http.usage import Expected, spend
from tts.values import Message, Model

ASKED = (Message("user", "héllo"),)
OURS = Expected(
    prompt_tokens=50, completion_tokens=20, most_prompt_tokens=284, most_completion_tokens=200
)
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


@given(st.text())
def test_without_a_tokenizer_it_is_at_least_the_bytes(text: str) -> None:
    asked = (Message("user", text),)
    assert PromptCount().count(asked, "é") >= len(text.encode("utf-8", "replace")) + 2


def test_with_tokenizer_and_template_it_is_exact() -> None:
    count = PromptCount(
        lambda text: len(text.split()), render=lambda turns, prefix: f"<u> {turns[0].content} <a>"
    )
    assert count.count(ASKED, "") == 3


def test_what_the_server_reported_wins_for_the_same_prompt_only() -> None:
    count = PromptCount()
    count.learn(ASKED, "", 4)
    assert count.count(ASKED, "") == 4
    assert count.count(ASKED, "x") > 4


def test_memory_is_bounded() -> None:
    count = PromptCount()
    for place in range(5000):
        count.learn(ASKED, str(place), 1)
    assert count.count(ASKED, "0") > 1
    assert count.count(ASKED, "4999") == 1


@given(st.text(), st.integers(-5, 10**9), st.text())
def test_an_estimate_is_a_number_of_tokens_and_never_above_the_bound(
    text: str, told: int, other: str
) -> None:
    count = PromptCount()
    count.learn(ASKED, "", told)
    count.learn_text(text * 40, told)
    asked = (Message("user", other),)
    assert 0 < count.estimate(asked, text) <= count.count(asked, text)


def test_a_prompt_whose_count_never_came_is_estimated_in_tokens_not_in_bytes() -> None:
    asked = (Message("user", "What is the sum of the first hundred odd numbers? " * 6),)
    assert 70 <= PromptCount().estimate(asked, "") <= 120 < PromptCount().count(asked, "")


def test_the_bytes_of_a_token_are_learnt_from_replies_that_have_counts() -> None:
    count = PromptCount()
    count.learn_text("ab" * 500, 500)
    count.learn(ASKED, "", 33)
    asked = (Message("user", "ab" * 300),)
    assert count.estimated_tokens("ab" * 300) == 300
    assert count.estimate(asked, "") == 300 + 33 - 3


def test_hidden_thoughts_are_no_measure_of_a_text() -> None:
    count = PromptCount()
    count.learn_text("x" * 300, 4000)
    assert count.estimated_tokens("x" * 350) == 100


def test_the_most_that_was_reported_for_a_prompt_is_reserved() -> None:
    count = PromptCount()
    for told in (9, 12, 10):
        count.learn(ASKED, "", told)
    assert count.count(ASKED, "") == 12


@pytest.mark.parametrize("told", [0, -1, 10**9])
def test_an_impossible_report_is_not_reserved_by(told: int) -> None:
    count = PromptCount()
    bound = count.count(ASKED, "")
    count.learn(ASKED, "", told)
    assert count.count(ASKED, "") == bound


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


@pytest.mark.parametrize(("told", "charged"), [(199, 199), (200, 200), (201, 200), (208, 200)])
def test_the_mark_of_an_end_beyond_what_was_asked_is_accepted_and_not_charged(
    told: int, charged: int
) -> None:
    report = {"prompt_tokens": 30, "completion_tokens": told, "total_tokens": 30 + told}
    paid = spend(report, OURS, MODEL)
    assert (paid.usage.completion_tokens, paid.estimated) == (charged, False)


@pytest.mark.parametrize("told", [209, 1000, 10**9])
@pytest.mark.parametrize("total", [False, True])
def test_more_than_was_asked_is_replaced_by_our_own_count_and_flagged(
    told: int, total: bool
) -> None:
    report = {"prompt_tokens": 30, "completion_tokens": told}
    paid = spend(report | ({"total_tokens": 30 + told} if total else {}), OURS, MODEL)
    assert (paid.usage.completion_tokens, paid.estimated) == (20, True)


def test_draws_that_travel_together_may_take_as_much_each() -> None:
    two = msgspec.structs.replace(OURS, most_completion_tokens=400, draws=2)
    report = {"prompt_tokens": 30, "completion_tokens": 400}
    assert spend(report, two, MODEL).usage.completion_tokens == 400


@pytest.mark.parametrize(
    "contrary",
    [
        {"prompt_tokens_details": {"cached_tokens": 999}},
        {"completion_tokens_details": {"reasoning_tokens": 999}},
        {"total_tokens": 10**12},
        {"total_tokens": "38"},
    ],
)
def test_parts_above_their_whole_are_cut_to_it_and_flagged(contrary: dict[str, Any]) -> None:
    paid = spend({"prompt_tokens": 30, "completion_tokens": 8} | contrary, OURS, MODEL)
    assert paid.estimated
    assert (paid.usage.prompt_tokens, paid.usage.completion_tokens) == (30, 8)
    assert paid.usage.cached_prompt_tokens <= 30 and paid.usage.reasoning_tokens <= 8


COUNTS = st.integers(-3, 600) | st.sampled_from([10**9, 10**30]) | JSON


@given(JSON | st.dictionaries(FIELDS, COUNTS))
def test_no_report_raises_is_free_or_is_charged_above_what_was_reserved(report: Any) -> None:
    usage = spend(report, OURS, MODEL).usage
    assert 0 < usage.prompt_tokens <= OURS.most_prompt_tokens
    assert 0 < usage.completion_tokens <= OURS.most_completion_tokens
    assert 0 <= usage.cached_prompt_tokens <= usage.prompt_tokens
    assert 0 <= usage.reasoning_tokens <= usage.completion_tokens
    assert usage.nanodollars is None or usage.nanodollars >= 0
