"""What readers do with documents, corpora and retrievers that are no good: nothing is lost."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tts.engine import parse_strategy
from tts.errors import ContextTooLong
from tts.ledger import MemoryJournal
from tts.protocols import CallRow
from tts.retrieval import BM25, Corpus
from tts.values import Document

READERS = (
    "rag(k=2)",
    "drag(k=2, m=1)",
    "iterdrag(k=2, n=1)",
    "hop_graph(k=2)",
    "adaptive_rag(k=2)",
)
FLOOD = BM25(Corpus((Document("flood", "Glass Harbour " + "x" * 9000),)))
BANANAS = BM25(Corpus((Document("fruit", "Bananas are yellow, and grow in bunches."),)))


def holds(most: int) -> Any:
    """A model that refuses prompts of more letters, as a server does whose context they pass."""

    def says(messages: Any, *_: Any) -> Any:
        if sum(len(turn.content) for turn in messages) > most:
            return ContextTooLong("The prompt is longer than the context.")
        return "So the final answer is: Visby"

    return says


class Shelf:
    """Finds one document, once it has done what it is told to do."""

    name, identity, cost = "shelf", 1, 0.0

    def __init__(self, does: Any = None) -> None:
        self.does, self.asked = does, 0

    async def retrieve(self, query: str, k: int) -> Any:
        self.asked += 1
        if self.does is not None:
            await self.does()
        return [Document("d", "Ida Brandt was born in Visby.")]


@pytest.mark.parametrize("spelled", READERS)
def test_a_document_longer_than_the_context_is_a_journalled_failed_call(
    library: Any, spelled: str
) -> None:
    book = MemoryJournal(job="lab")
    model = library.lab.words(holds(4000))
    result = library.ask(parse_strategy(spelled), model, retriever=FLOOD, journal=book)
    assert any("longer than the context" in why for why in result.missing)
    assert result.stopped_by in ("failed", "incomplete")
    assert [row for row in library.lab.rows(book, CallRow) if row.role == "retrieve"]


@pytest.mark.parametrize("spelled", READERS)
def test_where_nothing_suits_the_question_is_answered_all_the_same(
    library: Any, spelled: str
) -> None:
    model = library.lab.words(holds(4000))
    result = library.ask(parse_strategy(spelled), model, retriever=BANANAS)
    assert result.answer == "Visby" and result.stopped_by == "done"
    assert not any("Bananas" in prompt for prompt in library.prompts(model))


async def raises() -> None:
    raise RuntimeError("the index is gone")


async def hangs() -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize("spelled", READERS)
def test_a_retriever_that_raises_costs_its_documents_and_is_counted(
    library: Any, spelled: str
) -> None:
    model = library.lab.words(holds(4000))
    result = library.ask(parse_strategy(spelled), model, retriever=Shelf(raises))
    assert result.answer == "Visby" and result.stopped_by == "incomplete"
    assert any("the index is gone" in why for why in result.missing)


@pytest.mark.parametrize("spelled", READERS)
def test_one_that_hangs_leaves_a_run_that_goes_on_once_it_answers(
    library: Any, spelled: str
) -> None:
    book, strategy = MemoryJournal(job="lab"), parse_strategy(spelled)
    stuck = library.ask(
        strategy, library.lab.words(holds(4000)), retriever=Shelf(hangs), journal=book
    )
    assert stuck.stopped_by == "outage"
    before = {row.key for row in library.lab.rows(book, CallRow)}
    model, again = library.lab.words(holds(4000)), library.lab.again(book)
    whole = library.ask(strategy, model, retriever=Shelf(), journal=again)
    assert whole.answer == "Visby" and whole.stopped_by == "done"
    asked_anew = library.lab.rows(again, CallRow)
    assert len({row.key for row in asked_anew}) == len(asked_anew) > len(before)


def test_a_corpus_that_changed_is_asked_anew_and_another_keeps_what_was_found(library: Any) -> None:
    book = MemoryJournal(job="lab")
    for corpus in (FLOOD, BANANAS, FLOOD):
        library.ask(
            parse_strategy("rag(k=1)"), library.model("Visby"), retriever=corpus, journal=book
        )
    keys = {row.key for row in library.lab.rows(book, CallRow) if row.role == "retrieve"}
    assert len(keys) == 2
