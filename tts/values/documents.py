"""What is retrieved, and worked examples that show a model what to do with it."""

from __future__ import annotations

from msgspec import Struct


class Document(Struct, frozen=True, gc=False):
    """One passage of a corpus."""

    id: str
    """Unique in its corpus."""
    text: str
    title: str = ""

    @property
    def whole(self) -> str:
        """Title and text, as retrievers read them."""
        return f"{self.title}\n{self.text}" if self.title else self.text


class Hop(Struct, frozen=True):
    """A sub-question with its answer."""

    question: str
    answer: str


class Demonstration(Struct, frozen=True, kw_only=True):
    """A question that was answered, with the hops that led there."""

    question: str
    answer: str
    hops: tuple[Hop, ...] = ()
    documents: tuple[Document, ...] = ()
    """What it was answered from, best first; empty: they are retrieved as for any question."""
