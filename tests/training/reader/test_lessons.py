"""Lessons are prompts of the strategies whose answers stand in their documents."""

from __future__ import annotations

import random

import pytest

from tts.strategies.retrieval.iterdrag import ASK
from tts.strategies.retrieval.prompts import READ
from tts.strategies.retrieval.self_ask import read_line
from tts.training.reader.lessons import Lesson, Lessons, Size, cued
from tts.training.reader.tokens import build_reader_tokenizer

SIZE = Size(documents=6, questions=4, demonstrations=2)


def lessons(kind: str, count: int = 60) -> list[Lesson]:
    drawn = Lessons(random.Random(5))
    return [getattr(drawn, kind)(SIZE) for _ in range(count)]


@pytest.mark.parametrize("kind", ["many", "drag"])
def test_the_answer_stands_in_the_documents(kind: str) -> None:
    for one in lessons(kind):
        [instruction, asked] = one.messages
        last = asked.content.rpartition("Documents:")[2]
        assert instruction.content == READ and asked.content.endswith("\nAnswer:")
        assert f" is {one.reply}." in last


def test_a_reply_of_a_transcript_is_a_line_that_iterdrag_reads() -> None:
    kinds = set()
    for one in lessons("iterdrag"):
        [instruction, asked] = one.messages
        cue = asked.content.rpartition("\n")[2]
        told = cue.startswith("Intermediate answer:")
        line = read_line(one.reply, ("intermediate",) if told else ("follow_up", "final"))
        assert instruction.content == ASK and line is not None and not (told and line.repaired)
        kinds.add(line.kind)
    assert kinds == {"follow_up", "intermediate", "final"}


def test_a_final_line_begins_in_the_prompt_only_where_it_is_forced() -> None:
    line = "So the final answer is: Sovo"
    assert cued(line, forced=False) == ("", line)
    assert cued(line, forced=True) == ("So the final answer is:", "Sovo")


def test_equal_seeds_give_equal_lessons() -> None:
    assert lessons("drag", 5) == lessons("drag", 5)


def test_lessons_have_no_unknown_tokens() -> None:
    tokenizer = build_reader_tokenizer()
    for one in lessons("iterdrag", 10):
        text = "".join(turn.content for turn in one.messages) + one.reply
        assert "<|unknown|>" not in tokenizer.encode(text).tokens
