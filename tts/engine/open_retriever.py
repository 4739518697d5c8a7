"""Retrievers by name, over the corpus that the options name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tts.engine.registry import RETRIEVERS
from tts.errors import TTSError, UsageError, described
from tts.options import SessionOptions
from tts.protocols import Retriever
from tts.values import Demonstration

if TYPE_CHECKING:
    from tts.retrieval import Corpus, Retrieval


def open_retrieval(options: SessionOptions) -> Retrieval | None:
    """The operation that finds documents; None where there is neither a corpus nor a retriever of
    the caller's own. Raises `UsageError` for a name, a corpus or a package that there is not."""
    spec = options.retriever
    factory = RETRIEVERS.find(_kind(spec)) if isinstance(spec, str) else None
    if factory is None:
        return _operation(spec)
    if options.corpus is None:
        return None
    try:
        return _operation(factory(options.corpus, options))
    except TTSError:
        raise
    except (Exception, SystemExit) as error:
        raise UsageError(f"Retriever {spec!r} cannot be opened: {described(error)}.") from error


def open_demonstrations(options: SessionOptions) -> tuple[Demonstration, ...]:
    """Those of the options; none where they name no file."""
    if options.demonstrations is None:
        return ()
    from tts.retrieval import read_demonstrations

    return read_demonstrations(Path(options.demonstrations))


def _operation(retriever: Any) -> Retrieval:
    from tts.retrieval import Retrieval

    return Retrieval(retriever)


def _kind(spec: str) -> str:
    """What stands before the colon; only `embeddings` has a model behind it."""
    kind, colon, _ = spec.partition(":")
    return kind if kind == "embeddings" or not colon else spec


def open_embeddings(place: Path, options: SessionOptions) -> Retriever:
    """`embeddings:MODEL`: by vectors of a server's `/embeddings`, of `?url=` or of --base-url."""
    from tts.backends.secret import Secret
    from tts.retrieval import Dense, ServedVectors, Store

    name, _, url = str(options.retriever).partition(":")[2].partition("?url=")
    url = url or options.url
    if not name:
        raise UsageError(
            f"Retriever {options.retriever!r}: write embeddings:MODEL, or "
            "embeddings:MODEL?url=http://HOST:PORT/v1 where another server than the model's embeds."
        )
    key = options.key(url)
    embedder = ServedVectors(name, url, api_key=Secret(key) if key else None)
    return Dense(_corpus(place), embedder, Store.default(), cost=None)


def open_bm25(place: Path, options: SessionOptions) -> Retriever:
    """By words."""
    from tts.retrieval import BM25, Store

    return BM25(_corpus(place), Store.default())


def open_static(place: Path, options: SessionOptions) -> Retriever:
    """By static word vectors."""
    from tts.retrieval import Dense, StaticVectors, Store

    return Dense(_corpus(place), StaticVectors(), Store.default())


def open_sentences(place: Path, options: SessionOptions) -> Retriever:
    """By vectors of sentences."""
    from tts.retrieval import Dense, SentenceVectors, Store

    return Dense(_corpus(place), SentenceVectors(), Store.default())


def open_fused(place: Path, options: SessionOptions) -> Retriever:
    """By words and by static word vectors, their ranks fused."""
    from tts.retrieval import BM25, Dense, Fused, StaticVectors, Store

    corpus, store = _corpus(place), Store.default()
    return Fused((BM25(corpus, store), Dense(corpus, StaticVectors(), store)))


def open_fused_sentences(place: Path, options: SessionOptions) -> Retriever:
    """The same with vectors of sentences as a third."""
    from tts.retrieval import BM25, Dense, Fused, SentenceVectors, StaticVectors, Store

    corpus, store = _corpus(place), Store.default()
    vectors = (StaticVectors(), SentenceVectors())
    return Fused((BM25(corpus, store), *(Dense(corpus, one, store) for one in vectors)))


def _corpus(place: Path) -> Corpus:
    from tts.retrieval import read_corpus

    return read_corpus(Path(place))
