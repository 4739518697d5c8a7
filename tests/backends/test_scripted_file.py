from __future__ import annotations

import json
from pathlib import Path

import pytest

from tts.backends.scripted_file import FileGenerator
from tts.errors import BadInput, BadRequest
from tts.protocols import GenerateRequest, Meter
from tts.values import Message, Sampling


def generator(path: Path, *rows: object) -> FileGenerator:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return FileGenerator.read(path)


async def said(one: FileGenerator, *turns: str, seed: int = 0) -> str:
    messages = tuple(Message("user", turn) for turn in turns)
    request = GenerateRequest(messages=messages, sampling=Sampling(), seeds=(seed,), indices=(0,))
    [drawn] = (await one.generate(request, Meter())).completions
    assert drawn is not None
    return drawn.text


async def test_the_first_row_that_fits_the_last_turn_and_the_opening_answers(
    tmp_path: Path,
) -> None:
    one = generator(
        tmp_path / "a.jsonl",
        {"where": ["sixes", "again"], "says": ["more sixes"]},
        {"where": ["again"], "says": ["more"]},
        {"where": [""], "says": ["first"]},
    )
    assert await said(one, "sixes") == "first"
    assert await said(one, "sixes", "x", "again") == "more sixes"
    assert await said(one, "sevens", "x", "again") == "more"


async def test_the_seed_of_a_draw_takes_one_of_several_texts(tmp_path: Path) -> None:
    one = generator(tmp_path / "a.jsonl", {"where": [""], "says": ["a", "b"]})
    assert [await said(one, "x", seed=seed) for seed in (4, 5, 4)] == ["a", "b", "a"]


async def test_a_question_that_no_row_is_for_is_a_bad_request(tmp_path: Path) -> None:
    one = generator(tmp_path / "a.jsonl", {"where": ["sixes"], "says": ["a"]})
    with pytest.raises(BadRequest, match="Nothing is scripted for 'sevens'"):
        await said(one, "sevens")


@pytest.mark.parametrize(
    "line", ["no json", '{"where": ["a"]}', '{"where": [], "says": []}', '{"wher": []}']
)
def test_a_line_that_is_no_row_is_named(line: str, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(line + "\n")
    with pytest.raises(BadInput, match=r"a\.jsonl:1: "):
        FileGenerator.read(tmp_path / "a.jsonl")
