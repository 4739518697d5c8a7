"""A stage in front of any strategy: what it retrieves is shortened before it reads it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, Literal, get_args

from tts.answers import normalised
from tts.run import Node, Run, Strategy
from tts.strategies.base import StrategyBase, at_least
from tts.strategies.parts.conversation import remark, said
from tts.strategies.parts.select import Select, most_voted
from tts.strategies.retrieval.base import Documents
from tts.strategies.retrieval.extract import extracted
from tts.strategies.retrieval.one_call import RAG
from tts.strategies.retrieval.prompts import ANSWER, READ, answer_of, block, prompt, shown
from tts.values import Candidate, Document, Message, Problem

Writer = Literal["sentences", "model"]
CAPSULE = "capsule"
"""Id of a document that a model wrote."""
SHORTEN = (
    "Rewrite the documents as one passage of at most {words} words. Keep every name, date and number "
    "that may help to answer the question, and what is said of them; leave everything else out. Do "
    "not answer the question, and add nothing."
)
WORDS_PER_TOKEN = 0.7


class Compressed(StrategyBase):
    """Another strategy, with at most `tokens` of what each retrieval finds.

    `sentences` keeps those that suit the query best, without a model. `model` has them rewritten as
    one passage; with `probed` the query is answered from the documents and from the passage, and
    where the answers differ the documents stand. All of these calls are the run's own: what
    compressing saves has to pay for them, as it may where documents are read many times.
    """

    name = "compressed"

    of: str = "rag"
    """The strategy behind it."""
    having: dict[str, Any] | None = None
    """Its parameters, as {k: 10}; None: its defaults."""
    by: Writer = "sentences"
    tokens: int = 300
    """Kept of each retrieval, at most, by the model's own count."""
    probed: bool = True
    """Of `model`: whether a passage has to give the answer that the documents give."""
    build: Callable[..., Strategy] | None = None

    @property
    def parameters(self) -> dict[str, Any]:
        told = super().parameters
        told.pop("build")
        return told | {"having": dict(self.having) if self.having else None}

    def check(self) -> None:
        at_least(1, tokens=self.tokens)
        if self.by not in get_args(Writer):
            raise ValueError(f"by is sentences or model, not {self.by!r}.")
        if self.having is not None and not isinstance(self.having, dict):
            raise ValueError(f"having is a mapping such as {{k: 10}}, not {self.having!r}.")
        if self.inner.name == self.name:
            raise ValueError("of is another strategy: what is compressed once is not again.")

    @cached_property
    def inner(self) -> Strategy:
        """The strategy behind it."""
        if self.build is None:
            return RAG(**(self.having or {}))
        return self.build(self.of, self.having or {})

    def selection(self) -> Select:
        return most_voted

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        run.rewrite(self._extracted if self.by == "sentences" else self._written)
        return await self.inner.solve(problem, run)

    async def finish(self, problem: Problem, run: Run) -> Candidate | None:
        return await self.inner.finish(problem, run)

    def _extracted(self, run: Run, query: str, found: Node[Documents]) -> Node[Documents]:
        count = run.generation().length

        def kept(documents: Documents) -> Documents:
            return self._told(run, documents, extracted(query, documents, self.tokens, count))

        return run.call(kept, found)

    def _written(self, run: Run, query: str, found: Node[Documents]) -> Node[Documents]:
        return run.spawn(self._capsule, query, found)

    async def _capsule(self, query: str, documents: Documents, *, run: Run) -> Documents:
        """The documents as one passage; themselves where they are short enough, where none came, and
        where it gives another answer than they do."""
        count = run.generation().length
        if not documents or count(shown(documents)) <= self.tokens:
            return documents
        words = int(self.tokens * WORDS_PER_TOKEN)
        asked = (
            Message("system", SHORTEN.format(words=words)),
            Message("user", block(documents, query)),
        )
        reply = remark(
            run,
            asked,
            of=f"{self.name}/{CAPSULE}",
            role="sample",
            temperature=0.0,
            max_tokens=min(self.tokens, run.sampling.max_tokens),
        )
        text = ((await said(run, reply)) or "").rpartition("</think>")[2].strip()
        passage = (Document(CAPSULE, text),)
        if (
            not text
            or count(text) > self.tokens
            or not await self._stands(query, documents, passage, run)
        ):
            run.explain("A passage was not kept: the documents stand.")
            return documents
        return self._told(run, documents, passage)

    async def _stands(self, query: str, documents: Documents, passage: Documents, run: Run) -> bool:
        """Whether the passage gives the answer that the documents give."""
        if not self.probed:
            return True
        replies = [
            remark(
                run,
                prompt(READ, [], block(read, query, ANSWER)),
                of=f"{self.name}/probe",
                role="sample",
                temperature=0.0,
            )
            for read in (documents, passage)
        ]
        answers = [answer_of(text or "") for text in [await said(run, one) for one in replies]]
        return None not in answers and len({normalised(one or "") for one in answers}) == 1

    def _told(self, run: Run, before: Documents, after: Documents) -> Documents:
        count = run.generation().length
        most, least = count(shown(before)) if before else 0, count(shown(after)) if after else 0
        run.explain(f"Documents of {most} tokens were read as {least}.", before=most, after=least)
        return after
