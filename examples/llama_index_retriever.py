"""Answers from a LlamaIndex index, its retrievals keyed, journalled and capped like any other call.

pip install llama-index-core; python examples/llama_index_retriever.py openai:MODEL
"""

from __future__ import annotations

import sys

from llama_index.core import SimpleKeywordTableIndex
from llama_index.core.llms import MockLLM
from llama_index.core.schema import TextNode

import tts
from tts.retrieval import from_llama_index

FILMS = {"Glass Harbour": "Ida Brandt", "Blue Mill": "Aino Salo", "North Pier": "Olle Berg"}


def answered(model: str, question: str = "Who directed Glass Harbour?") -> tts.Result:
    nodes = [TextNode(text=f"{film} was directed by {who}.") for film, who in FILMS.items()]
    index = SimpleKeywordTableIndex(nodes, llm=MockLLM())
    retriever = from_llama_index(index.as_retriever(), version="films of 2026-11")
    with tts.Engine(model, retriever=retriever, verifier=None) as engine:
        return engine.solve_sync(question, strategy="rag(k=2)", budget="2 retrievals")


if __name__ == "__main__":
    sys.stdout.write(f"{answered(*sys.argv[1:] or ['embedded:small']).answer}\n")
