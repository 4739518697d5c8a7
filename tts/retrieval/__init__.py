"""Finding documents: corpora, indexes, and retrievals as calls of the graph."""

from tts.retrieval.adapters import Foreign, from_haystack, from_llama_index
from tts.retrieval.bm25 import BM25
from tts.retrieval.corpus import Corpus, read_corpus, read_demonstrations
from tts.retrieval.dense import Dense, Embedder, StaticVectors
from tts.retrieval.fusion import Fused, Reranked, reciprocal_ranks
from tts.retrieval.operation import Retrieval
from tts.retrieval.sentences import SentenceVectors
from tts.retrieval.served import ServedVectors
from tts.retrieval.store import Store

__all__ = [
    "BM25",
    "Corpus",
    "Dense",
    "Embedder",
    "Foreign",
    "Fused",
    "Reranked",
    "Retrieval",
    "SentenceVectors",
    "ServedVectors",
    "StaticVectors",
    "Store",
    "from_haystack",
    "from_llama_index",
    "read_corpus",
    "read_demonstrations",
    "reciprocal_ranks",
]
