"""Demonstrations come from runs that ended right and found what the answer rests on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tts.backends.scripted import ScriptedGenerator
from tts.engine import Engine
from tts.errors import UsageError
from tts.eval.demonstrations import (
    Foundry,
    Judged,
    Made,
    best_m,
    in_turn,
    judged,
    leaks,
    make_demonstrations,
)
from tts.retrieval import BM25, Corpus, read_demonstrations
from tts.strategies import IterDRAG
from tts.values import Demonstration, Document, Hop, Problem

CORPUS = Corpus(
    (
        Document("film", "Glass Harbour was directed by Ida Brandt.", "Glass Harbour"),
        Document("person", "Ida Brandt was born in Visby.", "Ida Brandt"),
        Document("town", "Turku is a town of sailors.", "Turku"),
    )
)
LINES = {
    "": "Follow up: Who directed Glass Harbour?",
    "Who directed Glass Harbour?\nIntermediate answer:": "Ida Brandt",
    "Intermediate answer: Ida Brandt": "Follow up: Where was Ida Brandt born?",
    "Where was Ida Brandt born?\nIntermediate answer:": "Visby",
    "Intermediate answer: Visby": "So the final answer is: Visby",
}


def say(messages: Any, prefix: str, index: int) -> str:
    told = messages[-1].content
    if "town of sailors is" in told.rpartition("Question:")[2]:
        return "So the final answer is: Turku"
    ends = sorted((one for one in LINES if told.endswith(one)), key=len)
    return LINES[ends[-1]]


def engine(**options: Any) -> Engine:
    return Engine(
        ScriptedGenerator(say), retriever=BM25(CORPUS), sampling={"max_tokens": 40}, **options
    )


def question(id: str, prompt: str, answer: str | None = "Visby", **row: Any) -> Problem:
    return Problem(id=id, prompt=prompt, answer=answer, task="qa", metadata=row)


TWO_HOPS = question(
    "two", "Where was the director of Glass Harbour born?", support=["film", "person"]
)
LOOP = IterDRAG(k=1)


async def made(*problems: Problem, **how: Any) -> Foundry:
    async with engine() as one:
        return await make_demonstrations(one, problems, strategy=LOOP, **how)


async def test_a_right_run_becomes_a_demonstration_with_its_hops_and_price() -> None:
    found = await made(TWO_HOPS)
    [one] = found.made
    assert one.shown.hops == (
        Hop("Who directed Glass Harbour?", "Ida Brandt"),
        Hop("Where was Ida Brandt born?", "Visby"),
    )
    assert one.shown.answer == "Visby" and one.recall == 1 and not found.left
    assert one.tokens > sum(len(document.text.split()) for document in CORPUS.documents[:2])


async def test_wrong_answers_missing_support_and_test_questions_are_left_out() -> None:
    wrong = question("wrong", "Where was the director of Glass Harbour really born?", "Oslo")
    lucky = question("lucky", "Which place do sailors of Glass Harbour love?", support=["town"])
    nearly = question("nearly", "Where was, the Director of Glass harbour born")
    found = await made(wrong, lucky, nearly, test=[TWO_HOPS])
    assert not found.made and found.left == {"wrong": 1, "unsupported": 1, "leaked": 1}


async def test_a_row_without_support_is_kept_and_counted() -> None:
    found = await made(question("plain", TWO_HOPS.prompt))
    assert found.unchecked == 1 and found.made[0].recall is None


async def test_a_question_without_an_answer_is_told_before_anything_is_paid() -> None:
    with pytest.raises(UsageError, match="'open' has no answer"):
        await made(question("open", "Where?", None))


def test_a_leak_is_the_same_question_in_other_words_order_or_case() -> None:
    test = [TWO_HOPS]
    assert leaks(question("a", "Where was director of Glass Harbour born"), test) == "two"
    assert leaks(question("b", "Where was the director of Grass Harbour born"), test) == "two"
    assert leaks(question("c", "Where was the director of Blue Mill born?", "Turku"), test) is None


def priced(tokens: int, hops: int, name: str) -> Made:
    shown = Demonstration(question=name, answer="a", hops=(Hop("h", "a"),) * hops)
    return Made(shown=shown, tokens=tokens, recall=None)


def test_the_cheapest_stand_first_and_numbers_of_hops_take_turns() -> None:
    rows = [priced(10, 1, "a"), priced(20, 1, "b"), priced(50, 2, "c"), priced(90, 2, "d")]
    assert [one.shown.question for one in in_turn(rows)] == ["a", "c", "b", "d"]


async def test_each_number_of_demonstrations_is_tried_on_the_same_questions(tmp_path: Path) -> None:
    place = tmp_path / "shots.jsonl"
    place.write_text(json.dumps({"question": "Who?", "answer": "Me", "hops": []}) + "\n")
    assert read_demonstrations(place)
    async with engine(demonstrations=place) as one:
        table = await judged(one, [TWO_HOPS], [0, 1], strategy=LOOP)
    assert [row.score for row in table] == [1, 1] and table[0].tokens < table[1].tokens
    assert table[0].gain is None and table[1].gain is not None and table[1].gain.value == 0


def test_more_demonstrations_are_shown_only_where_their_tokens_are_worth_it() -> None:
    rows = [
        Judged(m=0, score=0.3, tokens=1000),
        Judged(m=1, score=0.4, tokens=2000),
        Judged(m=4, score=0.45, tokens=5000),
        Judged(m=8, score=0.45, tokens=9000),
    ]
    assert [best_m(rows, worth=worth) for worth in (0, 0.02, 0.2)] == [4, 1, 0]
