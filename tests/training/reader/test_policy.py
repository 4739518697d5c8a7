"""How lessons become rows of a batch, and how the training is begun."""

# pyright: reportMissingImports=false

from __future__ import annotations

from pathlib import Path

import pytest

from tts.strategies.retrieval.iterdrag import ASK
from tts.strategies.retrieval.prompts import block, prompt
from tts.training.reader.lessons import Lesson
from tts.training.reader.tokens import build_reader_tokenizer

pytest.importorskip("torch", reason="training needs the extra `train`")

ROOT = Path(__file__).resolve().parents[3]


def judged(lesson: Lesson) -> str:
    from tts.training.reader.policy import encoded

    tokenizer = build_reader_tokenizer()
    ids, marks = encoded(tokenizer, lesson)
    kept = [id for id, mark in zip(ids, marks, strict=True) if mark]
    return str(tokenizer.decode(kept, skip_special_tokens=False))


def test_lines_behind_a_question_are_judged_and_documents_are_not() -> None:
    shown = block((), "Who is the rival of Bara?", "So the final answer is: Sovo")
    asked = block((), "Who is the mentor of Bara?")
    lesson = Lesson(prompt(ASK, [shown], asked), "So the final answer is: Tuna")
    told = "So the final answer is: Sovo"
    assert judged(lesson) == f"{told}So the final answer is: Tuna<|end|>"


def test_lessons_grow_over_the_first_half_of_the_training() -> None:
    from tts.training.reader.policy import size_at

    sizes = [size_at(progress)[1].documents for progress in (0.0, 0.25, 0.5, 1.0)]
    assert sizes == sorted(sizes) and sizes[0] < sizes[1] < sizes[2] == sizes[3]


def test_make_models_trains_the_reader_by_counted_steps() -> None:
    makefile = (ROOT / "Makefile").read_text()
    card = (ROOT / "tts/backends/embedded/models/reader/README.md").read_text()
    [command] = [line for line in makefile.splitlines() if "tts.training.reader.policy" in line]
    steps = command.rpartition("--steps ")[2]
    assert f"{steps} steps" in card
