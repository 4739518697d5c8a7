"""A library of three passages, demonstrations, and a model that reads them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tts.engine import Job
from tts.ledger import MemoryJournal, MemoryLeases
from tts.retrieval import BM25, Corpus, Retrieval
from tts.values import Budget, Demonstration, Document, Hop, Problem, Result

DOCUMENTS = (
    Document("film", "Glass Harbour was directed by Ida Brandt in 1962.", "Glass Harbour"),
    Document("person", "Ida Brandt was born in the town of Visby.", "Ida Brandt"),
    Document("town", "Visby lies on the island of Gotland.", "Visby"),
)
SHOT = Demonstration(
    question="Where does the author of Blue Mill live?",
    answer="Turku",
    hops=(Hop("Who wrote Blue Mill?", "Aino Salo"), Hop("Where does Aino Salo live?", "Turku")),
)
QUESTION = "Where was the director of Glass Harbour born?"


class Library:
    """Runs strategies over the passages, in a time that jumps."""

    problem = Problem(id="q", prompt=QUESTION, task="qa")

    def __init__(self, lab: Any) -> None:
        self.lab = lab

    def ask(
        self,
        strategy: Any,
        model: Any,
        *,
        budget: Budget | None = None,
        journal: Any = None,
        retriever: Any = None,
        demonstrations: Any = (SHOT, SHOT),
        **how: Any,
    ) -> Result:
        """One run, from its first call to its answer."""
        book = journal if journal is not None else MemoryJournal(job="lab")
        session = replace(
            self.lab.session(model, **how),
            verifier=None,
            retrieval=Retrieval(retriever or BM25(Corpus(DOCUMENTS))),
            demonstrations=demonstrations,
        )

        async def run() -> Result:
            await book.load(self.problem.id)
            async with Job(session, name="lab", journal=book, leases=MemoryLeases()) as job:
                return await job.solve(self.problem, strategy, budget)

        result: Result = self.lab.run(run())
        return result

    def model(self, *lines: Any, **how: Any) -> Any:
        """Says the lines one after another, whatever it is asked; the last one again and again."""
        said = iter(lines)
        last = [lines[-1]]

        def say(*_: Any) -> Any:
            last[0] = next(said, last[0])
            return last[0]

        return self.lab.words(say, **how)

    def prompts(self, model: Any) -> list[str]:
        """What was sent, turn by turn."""
        return ["\n".join(turn.content for turn in one.messages) for one in model.requests]


@pytest.fixture(scope="session")
def library(lab: Any) -> Library:
    return Library(lab)
