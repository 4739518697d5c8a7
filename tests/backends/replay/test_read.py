"""Files of recorded samples: whatever they leave out, and what is said where they cannot be read."""

from __future__ import annotations

import gzip
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tts.backends.replay import (
    ReplayGenerator,
    model_rows,
    replay_problems,
    sample_rows,
    split_source,
)
from tts.errors import BadInput


def line(**fields: Any) -> dict[str, Any]:
    return {"problem_id": "p", "model": "m", "sample_index": 0, "problem": "2 + 2?", **fields}


def written(folder: Path, *lines: dict[str, Any], name: str = "rows.jsonl") -> Path:
    path = folder / name
    path.write_bytes(b"\n".join(map(msgspec.json.encode, lines)))
    return path


# Faults


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"{}", "neither `problem_id` nor `problem`"),
        (b"nonsense", "malformed"),
        (b"[1]", "Expected `object`"),
        (b'{"problem_id": "p", "completion": 5}', r"Expected `str \| null`"),
        (b"\xff", "malformed"),
    ],
)
def test_a_line_that_is_no_sample_is_named(tmp_path: Path, bad: bytes, reason: str) -> None:
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(gzip.compress(msgspec.json.encode(line()) + b"\n" + bad))
    with pytest.raises(BadInput, match=rf"rows.jsonl.gz:2: not a recorded sample: .*{reason}"):
        sample_rows(path)


def test_damaged_gzip_data_is_named(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl.gz"
    whole = gzip.compress(b"\n".join(msgspec.json.encode(line(answer=str(n))) for n in range(999)))
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadInput, match="damaged gzip"):
        sample_rows(path)


@pytest.mark.parametrize("name", ["nosuch.gz", "nosuch.jsonl#model", "."])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput, match="cannot be read as recorded samples"):
        replay_problems(f"replay:{tmp_path / name}")


def test_an_empty_file_holds_no_samples(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="holds no samples"):
        sample_rows(written(tmp_path))


def test_a_near_name_of_a_model_is_suggested(tmp_path: Path) -> None:
    path = written(tmp_path, line(model="gpt-5|high"), line(model="opus"))
    with pytest.raises(BadInput, match=r"Did you mean 'gpt-5\|high'\? Known: gpt-5\|high, opus"):
        model_rows(f"{path}#gpt-5|hgh")


def test_several_models_have_to_be_chosen_from(tmp_path: Path) -> None:
    path = written(tmp_path, line(model="a"), line(model="b"))
    with pytest.raises(BadInput, match=r"samples of 2 models: name one, .*#a'. They are: a, b"):
        model_rows(str(path))


# Sources


@pytest.mark.parametrize("name", ["rows.jsonl", "rows#1.jsonl"])
@pytest.mark.parametrize("model", [None, "a", "a#b"])
def test_a_source_is_a_file_and_perhaps_a_model(
    tmp_path: Path, name: str, model: str | None
) -> None:
    path = written(tmp_path, line(), name=name)
    source = f"replay:{path}" if model is None else f"replay:{path}#{model}"
    assert split_source(source) == (path, model)


def test_a_gzipped_file_needs_no_name_of_one(tmp_path: Path) -> None:
    path = tmp_path / "rows.data"
    path.write_bytes(gzip.compress(msgspec.json.encode(line())))
    assert len(sample_rows(path)) == 1


# What may be missing


def test_a_row_needs_little_more_than_its_problem(tmp_path: Path) -> None:
    path = written(
        tmp_path, {"problem": "2 + 2?", "answer": 4}, {"problem": "2 + 2?", "answer": 5.0}
    )
    rows = sample_rows(path)
    assert [(row.model, row.sample_index, row.answer) for row in rows] == [
        ("unnamed", 0, "4"),
        ("unnamed", 1, "5"),
    ]
    assert rows[0].problem_id == rows[1].problem_id


def test_ids_answers_and_verdicts_may_be_numbers(tmp_path: Path) -> None:
    [row] = sample_rows(written(tmp_path, line(problem_id=7, reference=4, answer=4, correct=1)))
    assert (row.problem_id, row.reference, row.answer, row.correct) == ("7", "4", "4", True)


def test_a_problem_without_a_text_has_that_of_another_model_s_rows(tmp_path: Path) -> None:
    path = written(tmp_path, line(model="a"), line(model="b", problem=None))
    [problem] = replay_problems(f"{path}#b")
    assert problem.prompt == "2 + 2?"
    assert ReplayGenerator(model_rows(f"{path}#b")).samples.rows[0].problem == "2 + 2?"


def test_thoughts_outside_the_completion_are_billed(tmp_path: Path) -> None:
    extra = {"total_tokens": 34, "reasoning_tokens": 20}
    path = written(tmp_path, line(prompt_tokens=9, completion_tokens=5, extra=extra))
    [row] = sample_rows(path)
    assert (row.prompt_tokens, row.completion_tokens, row.reasoning_tokens) == (9, 25, 20)


@pytest.mark.parametrize(("tokens", "end"), [(99, "unknown"), (100, "length")])
def test_a_draw_of_as_many_tokens_as_asked_for_was_cut(
    tmp_path: Path, tokens: int, end: str
) -> None:
    [row] = sample_rows(
        written(tmp_path, line(completion_tokens=tokens, extra={"max_tokens": 100}))
    )
    assert row.finish_reason == end


# Problems


def test_models_that_were_asked_differently_have_to_be_named(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        line(model="a", reference="A"),
        line(model="b", reference="B"),
        line(problem_id="q"),
    )
    with pytest.raises(BadInput, match="1 problems, 'p' first, have other texts or references"):
        replay_problems(path)
    assert replay_problems(path, asked=f"replay:{path}#b")[0].answer == "B"


def test_models_that_were_asked_alike_share_their_problems(tmp_path: Path) -> None:
    path = written(tmp_path, line(model="a", reference="4"), line(model="b", problem=None))
    assert [problem.answer for problem in replay_problems(path, asked="embedded:small")] == ["4"]


def test_other_samples_are_another_model_to_the_ledger(tmp_path: Path) -> None:
    first = ReplayGenerator(sample_rows(written(tmp_path, line(answer="4"))))
    second = ReplayGenerator(sample_rows(written(tmp_path, line(answer="5"))))
    assert first.model.name == second.model.name
    assert first.model.revision != second.model.revision


def test_a_hundred_thousand_rows_load_in_seconds(tmp_path: Path) -> None:
    extra = {"run": "x" * 22, "seconds": 1.5, "total_tokens": 300, "reasoning_tokens": 20}
    fields = {"reference": "7", "answer": "7", "correct": True, "prompt_tokens": 90}
    path = tmp_path / "rows.jsonl"
    with path.open("wb") as out:
        for place in range(100_000):
            own = {"problem_id": f"p{place % 500}", "sample_index": place // 500}
            text = "what? " * 60 + str(place % 500)
            row = line(problem=text, completion_tokens=200, extra=extra, **fields, **own)
            out.write(msgspec.json.encode(row) + b"\n")
    began = time.process_time()
    assert len(ReplayGenerator(model_rows(str(path))).samples.by_problem) == 500
    assert time.process_time() - began < 15


# Numbers that cannot be


COUNTS = ("prompt_tokens", "completion_tokens", "reasoning_tokens", "total_tokens", "score_tokens")
AMOUNTS = ("seconds", "dollars", "cost_usd")


@pytest.mark.parametrize("name", [*COUNTS, "sample_index", "replicate"])
@pytest.mark.parametrize("value", [-1, 1 << 60])
def test_a_count_is_a_whole_number_of_at_least_nothing(
    tmp_path: Path, name: str, value: int
) -> None:
    refused(written(tmp_path, line(), line(**{name: value})), rf":2: .*`{name}` is {value};")


@pytest.mark.parametrize("name", COUNTS)
def test_a_count_has_no_fraction(tmp_path: Path, name: str) -> None:
    refused(written(tmp_path, line(), line(**{name: 1.5})), rf":2: .*`{name}` is 1.5;")
    assert sample_rows(written(tmp_path, line(**{name: 2.0})))


@pytest.mark.parametrize("name", AMOUNTS)
@pytest.mark.parametrize("value", [-0.5, 1e301])
def test_an_amount_is_finite_and_at_least_nothing(tmp_path: Path, name: str, value: float) -> None:
    refused(written(tmp_path, line(), line(**{name: value})), rf":2: .*`{name}` is ")


@pytest.mark.parametrize("name", [*COUNTS, *AMOUNTS])
def test_extra_holds_numbers_under_our_names_to_the_same(tmp_path: Path, name: str) -> None:
    refused(written(tmp_path, line(extra={name: -3})), rf":1: .*`{name}` is -3;")
    assert sample_rows(written(tmp_path, line(extra={name: "not noted"})))


@pytest.mark.parametrize(("name", "value"), [("score", 1e301), ("correct", 0.5), ("correct", 2)])
def test_a_score_is_finite_and_a_verdict_one_of_two(
    tmp_path: Path, name: str, value: float
) -> None:
    refused(written(tmp_path, line(), line(**{name: value})), rf":2: .*`{name}` is ")


def test_counts_of_a_group_that_cannot_be_are_unknown(tmp_path: Path) -> None:
    extra = {"group_n": 4, "group_completion_tokens": -1, "group_cost_usd": -0.1}
    [row] = sample_rows(written(tmp_path, line(extra=extra)))
    assert (row.shared_tokens, row.dollars) == (None, None)


def refused(path: Path, reason: str) -> None:
    with pytest.raises(BadInput, match=reason) as told:
        sample_rows(path)
    assert "\n" not in str(told.value)
