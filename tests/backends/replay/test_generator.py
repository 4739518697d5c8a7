from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.backends.replay import (
    RecordedScores,
    ReplayGenerator,
    SampleRow,
    order,
    replay_problems,
    sample_rows,
)
from tts.backends.replay.row import Line
from tts.errors import BadRequest
from tts.protocols import GenerateRequest, Meter
from tts.values import Candidate, Message, Problem, Recording, Sampling

FILES = [
    "gsm8k_openai_4systems",
    "humaneval_codegen16b_n100",
    "otis_mock_aime_with_tokens",
    "qwen_math100_rm8",
    "rg_llama3b_aime_amc_n50",
    "tot_game24_gpt4_n100",
    "verifycot_date_gpt35_n10",
]


def row(index: int, **fields: Any) -> SampleRow:
    told = {"completion": f"sample {index}", "problem": "What is 2 + 2?", "correct": True}
    return SampleRow(**{"problem_id": "p", "model": "m", "sample_index": index, **told, **fields})


def asked(*indices: int, text: str = "What is 2 + 2?", **fields: Any) -> GenerateRequest:
    return GenerateRequest(
        messages=(Message("user", text),),
        seeds=tuple(range(len(indices))),
        indices=indices,
        **{"sampling": Sampling(max_tokens=100_000), **fields},
    )


async def texts(request: GenerateRequest, rows: list[SampleRow]) -> list[str | None]:
    draws = (await ReplayGenerator(rows).generate(request, Meter())).completions
    return [draw.text if draw else None for draw in draws]


async def test_a_draw_is_the_recorded_sample_of_its_index() -> None:
    rows = [row(place) for place in (3, 1, 0, 2)]
    assert await texts(asked(2, 0), rows) == ["sample 2", "sample 0"]


async def test_replicates_are_different_orders_without_repetition() -> None:
    rows = [row(place) for place in range(20)]
    everyone = tuple(range(20))
    drawn = [await texts(asked(*everyone, replicate=seed), rows) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert len(set(drawn[2])) == 20


@given(st.text(max_size=5), st.integers(0, 30), st.integers(0, 99))
def test_an_order_is_a_permutation(problem: str, count: int, replicate: int) -> None:
    assert sorted(order(problem, count, replicate)) == list(range(count))


async def test_running_out_says_how_many_there_are() -> None:
    with pytest.raises(BadRequest, match="the 3 recorded"):
        await texts(asked(3), [row(place) for place in range(3)])


async def test_a_failed_call_is_a_failed_draw() -> None:
    rows = [row(0), row(1, completion=None, correct=None)]
    assert await texts(asked(0, 1), rows) == ["sample 0", None]


async def test_an_answer_without_a_text_stands_boxed() -> None:
    assert await texts(asked(0), [row(0, completion=None, answer="7")]) == ["\\boxed{7}"]


async def test_recorded_zeros_are_zeros_and_not_missing() -> None:
    told = row(0, prompt_tokens=0, completion_tokens=0)
    reply = await ReplayGenerator([told]).generate(asked(0), Meter())
    assert not reply.estimated
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens) == (0, 0)


async def test_missing_counts_are_estimated_as_tokens_and_flagged() -> None:
    text = "It is four. " * 100
    reply = await ReplayGenerator([row(0, completion=text)]).generate(asked(0), Meter())
    assert reply.estimated
    assert 200 < reply.usage.completion_tokens < 500
    assert 0 < reply.usage.prompt_tokens < 10


async def test_counts_are_estimated_as_the_same_model_counts() -> None:
    rows = [row(0, completion="x" * 100, completion_tokens=50), row(1, completion="x" * 30)]
    reply = await ReplayGenerator(rows).generate(asked(1), Meter())
    assert reply.usage.completion_tokens == 15


async def test_a_prompt_has_the_count_of_another_draw_of_its_problem() -> None:
    rows = [row(0, prompt_tokens=70), row(1)]
    reply = await ReplayGenerator(rows).generate(asked(1), Meter())
    assert (reply.usage.prompt_tokens, reply.estimated) == (70, True)


@given(
    st.lists(st.one_of(st.none(), st.integers(0, 500)), min_size=1, max_size=6),
    st.integers(1, 300),
)
async def test_no_draw_costs_more_than_was_foreseen(counts: list[int | None], most: int) -> None:
    rows = [row(place, prompt_tokens=n, completion_tokens=n) for place, n in enumerate(counts)]
    replay, problem = ReplayGenerator(rows), Problem(id="p", prompt="What is 2 + 2?")
    for place in range(len(rows)):
        request = asked(place, sampling=Sampling(max_tokens=most))
        usage = (await replay.generate(request, Meter())).usage
        assert usage.completion_tokens <= min(most, replay.most_tokens(problem))
        assert usage.prompt_tokens <= replay.count_prompt(request.messages, "")


async def test_a_draw_longer_than_max_tokens_ends_there_without_its_answer() -> None:
    told = row(0, completion="x" * 100 + "\\boxed{4}", answer="4", completion_tokens=100)
    request = asked(0, sampling=Sampling(max_tokens=10))
    [draw] = (await ReplayGenerator([told]).generate(request, Meter())).completions
    assert draw is not None
    assert (draw.finish_reason, draw.completion_tokens, draw.recorded) == ("length", 10, None)
    assert draw.text == "x" * 10


@pytest.mark.parametrize("told", ["length", "max_tokens", "MAX_TOKENS"])
async def test_a_recorded_cut_stays_a_cut(told: str) -> None:
    line = Line(
        problem_id="p",
        model="m",
        problem="What is 2 + 2?",
        completion="so",
        extra={"stop_reason": told},
    )
    [draw] = (await ReplayGenerator([line.row(0, str)]).generate(asked(0), Meter())).completions
    assert draw is not None and draw.finish_reason == "length"


@pytest.mark.parametrize("request_", [asked(0, prefix="so"), asked(0, text="something else")])
async def test_what_was_not_recorded_is_refused(request_: GenerateRequest) -> None:
    with pytest.raises(BadRequest):
        await texts(request_, [row(0)])


async def test_a_judge_s_prompt_is_not_answered_with_a_sample() -> None:
    text = "Problem: What is 2 + 2? Solution: 4. Is it right?"
    with pytest.raises(BadRequest, match="nothing else"):
        await texts(asked(0, text=text), [row(0)])


async def test_the_problem_s_text_may_stand_in_a_wording() -> None:
    request = asked(0, text="Solve:  What is\n2 + 2?", problem_id="other")
    assert await texts(request, [row(0)]) == ["sample 0"]


async def test_equal_texts_of_several_problems_need_an_id() -> None:
    rows = [row(0), row(0, problem_id="q", completion="other")]
    assert await texts(asked(0, problem_id="q"), rows) == ["other"]
    with pytest.raises(BadRequest, match="'p', 'q' were recorded with the same text"):
        await texts(asked(0), rows)


@given(st.text(max_size=5), st.integers(1, 12), st.integers(0, 5))
def test_first_draws_of_as_many_repeats_are_every_sample_once(
    problem: str, count: int, turn: int
) -> None:
    firsts = [order(problem, count, turn * count + place)[0] for place in range(count)]
    assert sorted(firsts) == list(range(count))


def test_the_first_replicate_is_the_recorded_order() -> None:
    assert order("p", 4, 0) == (0, 1, 2, 3)


def scored(raw: float | None, text: str = "x", place: int | None = 0) -> Candidate:
    recorded = None if place is None else Recording(model="m", row=place)
    return Candidate(problem=Problem(id="p", prompt=""), text=text, key=str(raw), recorded=recorded)


def test_scores_belong_to_draws_even_where_texts_are_equal_or_absent() -> None:
    scores = RecordedScores([row(0, completion=None, score=0.25), row(1, completion=None, score=1)])
    assert [scores.score_of(scored(None, place=place)) for place in (0, 1)] == [0.25, 1]


def test_a_text_that_was_drawn_elsewhere_has_the_score_of_its_equal() -> None:
    scores = RecordedScores([row(0, score=0.25)])
    assert scores.score_of(scored(None, "sample 0", None)) == 0.25
    assert scores.score_of(scored(None, "sample 9", None)) is None


@given(st.lists(st.floats(-1e9, 1e9), min_size=2, max_size=2))
def test_scores_lie_between_0_and_1_in_their_order(raw: list[float]) -> None:
    scores = RecordedScores([row(place, score=one) for place, one in enumerate(raw)])
    low, high = (scores.score_of(scored(None, place=place)) for place in (0, 1))
    assert low is not None and high is not None and 0 <= low <= 1
    assert (low <= high) == (raw[0] <= raw[1]) or low == high


@pytest.mark.parametrize("name", FILES)
async def test_every_recorded_set_replays(name: str) -> None:
    folder = os.environ.get("TTS_TEST_DATA")
    if not folder:
        pytest.skip("TTS_TEST_DATA names no folder of real data")
    path = Path(folder) / "samples" / f"{name}.jsonl.gz"
    rows = sample_rows(path)
    model = rows[0].model
    problem = replay_problems(f"{path}#{model}")[-1]
    generator = ReplayGenerator([r for r in rows if r.model == model])
    reply = await generator.generate(asked(0, text=problem.prompt), Meter())
    assert problem.prompt and reply.usage.completion_tokens > 0
    assert all(problem.prompt for problem in replay_problems(f"{path}#{model}"))
