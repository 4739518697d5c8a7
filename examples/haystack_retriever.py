"""Answers from a Haystack document store, its retrievals keyed, journalled and capped like any other call.

pip install haystack-ai; python examples/haystack_retriever.py openai:MODEL
"""

from __future__ import annotations

import sys

from haystack import Document
from haystack.components.retrievers.in_memory import InMemoryBM25Retriever
from haystack.document_stores.in_memory import InMemoryDocumentStore

import tts
from tts.retrieval import from_haystack

FILMS = {"Glass Harbour": "Ida Brandt", "Blue Mill": "Aino Salo", "North Pier": "Olle Berg"}


def answered(model: str, question: str = "Who directed Glass Harbour?") -> tts.Result:
    store = InMemoryDocumentStore()
    texts = [f"{film} was directed by {who}." for film, who in FILMS.items()]
    store.write_documents([Document(content=text) for text in texts])
    retriever = from_haystack(InMemoryBM25Retriever(store), version="films of 2026-11")
    with tts.Engine(model, retriever=retriever, verifier=None) as engine:
        return engine.solve_sync(question, strategy="rag(k=2)", budget="2 retrievals")


if __name__ == "__main__":
    sys.stdout.write(f"{answered(*sys.argv[1:] or ['embedded:small']).answer}\n")
