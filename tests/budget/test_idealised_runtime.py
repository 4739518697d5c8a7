from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some
from msgspec.structs import replace

from tts.budget.idealised_runtime import IdealisedRuntime, read_runtimes
from tts.errors import BadInput
from tts.values import Usage

DAVINCI = IdealisedRuntime(token_seconds=0.081, prompt_seconds={1: 0.075, 512: 0.18, 1920: 0.597})
"""HELM's figures: seconds per token, and for a prompt of 1,920 tokens."""


def test_helms_example_one_drawn_token_costs_260_prompt_tokens() -> None:
    assert DAVINCI.prompt_tokens_per_drawn_token == pytest.approx(260, abs=1)


def test_a_timed_prompt_takes_its_time_and_the_first_token_is_part_of_it() -> None:
    assert DAVINCI.seconds(1920, 1) == pytest.approx(0.597)
    assert DAVINCI.seconds(1920, 101) == pytest.approx(0.597 + 100 * 0.081)


def test_between_sizes_the_next_larger_one_counts_in_proportion() -> None:
    assert DAVINCI.prompt(256) == pytest.approx(0.18 / 2)
    assert DAVINCI.prompt(960) == pytest.approx(0.597 / 2)


def test_beyond_the_largest_size_time_grows_in_proportion() -> None:
    assert DAVINCI.prompt(3840) == pytest.approx(2 * 0.597)


def test_calls_count_as_if_equally_long() -> None:
    usage = Usage(calls=4, prompt_tokens=4 * 1920, completion_tokens=4 * 101)
    assert DAVINCI.seconds_of(usage) == pytest.approx(4 * DAVINCI.seconds(1920, 101))


def test_a_call_that_draws_nothing_takes_its_prompt() -> None:
    assert DAVINCI.seconds_of(Usage(calls=2, prompt_tokens=1024)) == pytest.approx(2 * 0.18)
    assert DAVINCI.seconds_of(Usage()) == 0


def test_joules_are_power_times_time_and_unknown_without_a_power() -> None:
    usage = Usage(calls=1, prompt_tokens=512, completion_tokens=11)
    known = replace(DAVINCI, watts=200.0)
    assert known.joules_of(usage) == pytest.approx(200 * (0.18 + 10 * 0.081))
    assert known.token_joules == pytest.approx(16.2)
    assert DAVINCI.joules_of(usage) is None and DAVINCI.token_joules is None


@given(some.integers(0, 10_000), some.integers(1, 10_000))
def test_more_drawn_tokens_never_take_less(prompt: int, drawn: int) -> None:
    assert DAVINCI.seconds(prompt, drawn + 1) > DAVINCI.seconds(prompt, drawn) >= 0


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "prices.yaml"
    path.write_text("my-model: {prompt: 1, completion: 2}", "utf-8")
    with pytest.raises(BadInput, match="idealized"):
        read_runtimes(path)
