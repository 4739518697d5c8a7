"""A retrieval as a call: its key, its row, its price, and how it fails."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from msgspec.structs import replace as changed

from tts.engine import Job
from tts.ledger import MemoryJournal, MemoryLeases
from tts.protocols import CallRow
from tts.retrieval import Retrieval
from tts.values import Budget, Document


class Shelf:
    """Finds its documents, or does what it is told to do instead; counts how often it is asked."""

    name = "shelf"

    def __init__(self, version: int = 1, *, does: Any = None, cost: float | None = 0.001) -> None:
        self.identity, self.cost, self.does, self.asked = version, cost, does, 0

    async def retrieve(self, query: str, k: int) -> Any:
        self.asked += 1
        if self.does is not None:
            return await self.does()
        return [Document(str(place), f"{query} {place}") for place in range(k + 3)]


def solved(
    lab: Any, shelf: Shelf, journal: MemoryJournal, queries: Any = ("a",), budget: Any = None
) -> Any:
    async def read(problem: Any, run: Any) -> Any:
        found = await run.all([run.retrieve(query, 2) for query in queries])
        texts = [one.text for documents in found for one in documents]
        return changed(lab.answer, answer=" ".join(texts))

    async def go() -> Any:
        await journal.load(lab.problem.id)
        session = replace(lab.session(lab.words(["x"])), retrieval=Retrieval(shelf))
        async with Job(session, name="lab", journal=journal, leases=MemoryLeases()) as job:
            return await job.solve(lab.problem, lab.Told(read), budget)

    return lab.run(go())


def test_a_retrieval_is_a_priced_call_of_its_role_and_gives_k_documents(lab: Any) -> None:
    book = MemoryJournal(job="lab")
    result = solved(lab, Shelf(), book)
    assert result.answer == "a 0 a 1"
    [row] = lab.rows(book, CallRow)
    assert (row.operation, row.role) == ("retrieve/shelf", "retrieve")
    assert result.spend["retrieve"].calls == 1 and result.usage.dollars == 0.001


def test_a_cap_on_retrievals_holds_however_many_are_asked_at_once(lab: Any) -> None:
    shelf = Shelf()
    queries = [f"q{place}" for place in range(64)]
    result = solved(lab, shelf, MemoryJournal(job="lab"), queries, Budget(retrievals=7))
    assert shelf.asked == result.usage.retrievals == 7
    assert result.stopped_by == "budget"


def test_equal_queries_are_asked_once_and_charged_each_time(lab: Any) -> None:
    shelf = Shelf()
    result = solved(lab, shelf, MemoryJournal(job="lab"), ("a", "a", "b"))
    assert shelf.asked == 2 and result.spend["retrieve"].calls == 3


def test_what_was_found_is_read_from_the_journal(lab: Any) -> None:
    book, second = MemoryJournal(job="lab"), Shelf()
    whole = solved(lab, Shelf(), book, ("a", "b"))
    again = solved(lab, second, lab.again(book), ("a", "b"))
    assert second.asked == 0 and (again.answer, again.usage) == (whole.answer, whole.usage)


def test_another_corpus_is_another_key(lab: Any) -> None:
    books = [MemoryJournal(job="lab") for _ in range(2)]
    for version, book in enumerate(books):
        solved(lab, Shelf(version), book, ("a", "b"))
    one, two = ({row.key for row in lab.rows(book, CallRow)} for book in books)
    assert len(one | two) == 4


async def raises() -> Any:
    raise RuntimeError("no index")


async def gives_texts() -> Any:
    return ["a text"]


@pytest.mark.parametrize(
    ("does", "said"),
    [(raises, "RuntimeError: no index"), (gives_texts, "found a str, no Document")],
)
def test_a_retriever_that_fails_is_a_failed_call(lab: Any, does: Any, said: str) -> None:
    result = solved(lab, Shelf(does=does), MemoryJournal(job="lab"))
    assert result.stopped_by == "incomplete" and any(said in why for why in result.missing)


def test_one_that_hangs_leaves_the_run_open(lab: Any) -> None:
    async def hangs() -> Any:
        await asyncio.Event().wait()

    shelf = Shelf(does=hangs)
    result = solved(lab, shelf, MemoryJournal(job="lab"))
    assert result.stopped_by == "outage" and shelf.asked > 1
    assert "within 600 s" in (result.error or "")


def test_a_retriever_of_unknown_price_makes_dollars_unknown(lab: Any) -> None:
    assert solved(lab, Shelf(cost=None), MemoryJournal(job="lab")).usage.dollars is None
