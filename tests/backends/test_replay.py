from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import Any

import msgspec
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
from tts.errors import BadInput, BadRequest
from tts.protocols import GenerateRequest, Meter
from tts.values import Message, Sampling

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
    return SampleRow(problem_id="p", model="m", sample_index=index, **(told | fields))


def asked(*indices: int, text: str = "Solve: What is 2 + 2?", **fields: Any) -> GenerateRequest:
    return GenerateRequest(
        messages=(Message("user", text),),
        sampling=Sampling(),
        seeds=tuple(range(len(indices))),
        indices=indices,
        **fields,
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
    with pytest.raises(BadRequest, match="3 were recorded"):
        await texts(asked(3), [row(place) for place in range(3)])


async def test_a_failed_call_is_a_failed_draw() -> None:
    rows = [row(0), row(1, completion=None, correct=None)]
    assert await texts(asked(0, 1), rows) == ["sample 0", None]


async def test_an_answer_without_a_text_stands_boxed() -> None:
    assert await texts(asked(0), [row(0, completion=None, answer="7")]) == ["\\boxed{7}"]


async def test_recorded_tokens_are_billed_with_the_thoughts_outside_them() -> None:
    told = row(
        0, prompt_tokens=9, completion_tokens=5, extra={"total_tokens": 34, "reasoning_tokens": 20}
    )
    reply = await ReplayGenerator([told]).generate(asked(0), Meter())
    assert not reply.estimated
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens) == (9, 25)
    assert reply.usage.reasoning_tokens == 20


async def test_missing_counts_are_estimated_and_never_zero() -> None:
    reply = await ReplayGenerator([row(0)]).generate(asked(0), Meter())
    assert reply.estimated
    assert reply.usage.prompt_tokens > 0 and reply.usage.completion_tokens > 0


@pytest.mark.parametrize("request_", [asked(0, prefix="so"), asked(0, text="something else")])
async def test_what_was_not_recorded_is_refused(request_: GenerateRequest) -> None:
    with pytest.raises(BadRequest):
        await texts(request_, [row(0)])


def test_recorded_scores_are_found_by_problem_and_text() -> None:
    scores = RecordedScores([row(0, score=-1.5), row(1, score=2.0)])
    assert scores.score_of("p", "sample 1") == 2.0
    assert scores.score_of("q", "sample 1") is None


def test_a_line_that_is_no_sample_is_named(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(gzip.compress(msgspec.json.encode(row(0)) + b"\n{}\n"))
    with pytest.raises(BadInput, match=r"rows.jsonl.gz:2"):
        sample_rows(path)


def test_a_model_that_is_not_in_the_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(msgspec.json.encode(row(0)))
    with pytest.raises(BadInput, match="'other'"):
        sample_rows(path, "other")


@pytest.mark.parametrize("name", FILES)
async def test_every_recorded_set_replays(name: str) -> None:
    folder = os.environ.get("TTS_TEST_DATA")
    if not folder:
        pytest.skip("TTS_TEST_DATA names no folder of real data")
    path = Path(folder) / "samples" / f"{name}.jsonl.gz"
    rows = sample_rows(path)
    model = rows[0].model
    problem = replay_problems(path, model=model)[-1]
    generator = ReplayGenerator([r for r in rows if r.model == model])
    reply = await generator.generate(asked(0, text=problem.prompt), Meter())
    assert problem.prompt and reply.usage.completion_tokens > 0
    assert all(problem.prompt for problem in replay_problems(path, model=model))
