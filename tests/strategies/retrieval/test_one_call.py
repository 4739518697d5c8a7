"""Zero-shot, many-shot, RAG and DRAG: what stands in the one prompt, and in which order."""

from __future__ import annotations

from typing import Any

import pytest

from tts.engine import parse_strategy
from tts.errors import UsageError
from tts.values import Demonstration, Document


def asked(library: Any, spelled: str, **how: Any) -> tuple[Any, str]:
    model = library.model("Visby")
    result = library.ask(parse_strategy(spelled), model, **how)
    return result, library.prompts(model)[0]


def in_order(text: str, *parts: str) -> bool:
    places = [text.find(part) for part in parts]
    return -1 not in places and places == sorted(places)


def test_zero_shot_shows_the_question_alone(library: Any) -> None:
    result, prompt = asked(library, "zero_shot_qa")
    assert "Glass Harbour born?" in prompt and "Documents" not in prompt
    assert result.answer == "Visby" and "retrieve" not in result.spend


def test_many_shot_shows_answers_and_no_documents(library: Any) -> None:
    _, prompt = asked(library, "many_shot_qa(m=2)")
    assert prompt.count("Answer: Turku") == 2 and "Documents" not in prompt


def test_the_best_document_stands_next_to_the_question(library: Any) -> None:
    result, prompt = asked(library, "rag(k=3)")
    assert in_order(prompt, "[2]", "[1] Glass Harbour", "Question: Where was the director")
    assert result.spend["retrieve"].calls == 1


def test_each_demonstration_of_drag_has_documents_of_its_own_and_the_best_is_last(
    library: Any,
) -> None:
    near = Demonstration(
        question="Who is near?", answer="Near", documents=(Document("n", "Near lives here."),)
    )
    far = Demonstration(
        question="Who is far?", answer="Far", documents=(Document("f", "Far lives there."),)
    )
    result, prompt = asked(library, "drag(k=1, m=2)", demonstrations=(near, far))
    assert in_order(
        prompt,
        "Far lives",
        "Who is far?",
        "Near lives",
        "Who is near?",
        "Answer: Near",
        "[1] Glass",
    )
    assert result.spend["retrieve"].calls == 1


def test_a_demonstration_without_documents_has_them_retrieved(library: Any) -> None:
    shot = Demonstration(question="Which island is Visby on?", answer="Gotland")
    result, prompt = asked(library, "drag(k=1, m=1)", demonstrations=(shot,))
    assert in_order(prompt, "Visby lies on", "Which island", "Answer: Gotland", "[1] Glass Harbour")
    assert result.spend["retrieve"].calls == 2


def test_a_document_is_cut_at_1024_words(library: Any) -> None:
    from tts.retrieval import BM25, Corpus

    long = Document("long", "Glass Harbour " + "word " * 2000 + "end")
    _, prompt = asked(library, "rag(k=1)", retriever=BM25(Corpus((long,))))
    assert prompt.split().count("word") == 1022 and "end" not in prompt.split()


def test_answers_vote_where_there_are_several_samples(library: Any) -> None:
    model = library.model("Visby", "Turku", "Visby.")
    result = library.ask(parse_strategy("rag(k=1, samples=3)"), model)
    assert result.answer in ("Visby", "Visby.") and result.spend["sample"].calls == 3
    assert {request.sampling.temperature for request in model.requests} == {1.0}


def test_more_demonstrations_than_there_are_is_one_clear_line(library: Any) -> None:
    with pytest.raises(UsageError, match=r"^Of m=3 demonstrations to be shown 2 are given"):
        asked(library, "drag(m=3)")


def test_a_retrieval_that_fails_leaves_its_documents_out_and_is_counted(library: Any) -> None:
    class Broken:
        name, identity, cost = "broken", 1, 0.0

        async def retrieve(self, query: str, k: int) -> Any:
            raise ValueError("the index is gone")

    result, prompt = asked(library, "rag(k=3)", retriever=Broken())
    assert result.answer == "Visby" and "Documents:" not in prompt
    assert [why for why in result.missing if "the index is gone" in why]
