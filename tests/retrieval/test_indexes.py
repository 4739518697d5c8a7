"""BM25, exact vectors and their fusion; indexes on disk that resume and are never mixed up."""

from __future__ import annotations

import asyncio
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.errors import BadReply, UsageError
from tts.retrieval import BM25, Corpus, Dense, Fused, Reranked, Store, reciprocal_ranks
from tts.retrieval.bm25 import best
from tts.values import Document

CORPUS = Corpus(
    (
        Document("cat", "The cat sleeps on the warm roof."),
        Document("dog", "A dog barks at night.", "Dogs"),
        Document("fish", "Fish swim in the cold sea."),
    )
)


class Letters:
    """Counts letters; knows how often it was asked, and dies when told to."""

    name, identity, size = "letters", "letters 1", 26

    def __init__(self, *, dies_at: int = 10**9) -> None:
        self.texts, self.dies_at = 0, dies_at

    def embed(self, texts: Any) -> Any:
        if self.texts + len(texts) > self.dies_at:
            raise KeyboardInterrupt
        self.texts += len(texts)
        return np.array([[text.lower().count(chr(97 + i)) for i in range(26)] for text in texts])


def found(retriever: Any, query: str, k: int = 3) -> list[str]:
    return [one.id for one in asyncio.run(retriever.retrieve(query, k))]


def test_words_find_their_documents_and_titles_count() -> None:
    words = BM25(CORPUS)
    assert found(words, "who sleeps on a roof?") == ["cat"] and found(words, "DOGS!") == ["dog"]


@pytest.mark.parametrize("query", ["", "xylophone", "the a of", "?", "\ud800"])
def test_a_query_without_known_words_finds_nothing(query: str) -> None:
    assert found(BM25(CORPUS), query) == []


def test_more_than_there_is_gives_what_there_is() -> None:
    assert len(found(BM25(CORPUS), "cat dog fish", 1000)) == 3


@given(st.lists(st.integers(0, 5), max_size=30), st.integers(0, 35))
def test_the_best_are_the_first_of_a_stable_sort(scores: list[int], k: int) -> None:
    order = sorted(range(len(scores)), key=lambda place: -scores[place])
    assert best(np.array(scores, dtype=float), k) == order[:k]


def test_a_kept_index_answers_as_the_one_that_was_built(tmp_path: Path) -> None:
    store = Store(tmp_path)
    built, loaded = BM25(CORPUS, store), BM25(CORPUS, store)
    assert len(list(tmp_path.iterdir())) == 1
    assert built.ranked("cat on the roof", 3) == loaded.ranked("cat on the roof", 3) != []


def test_an_index_that_is_damaged_is_made_anew(tmp_path: Path) -> None:
    store = Store(tmp_path)
    BM25(CORPUS, store)
    [place] = tmp_path.iterdir()
    for part in place.iterdir():
        part.write_bytes(b"")
    assert BM25(CORPUS, store).ranked("cat", 1) == [0]


def test_vectors_find_the_most_similar() -> None:
    assert found(Dense(CORPUS, Letters()), "Fish swim in the cold sea.", 1) == ["fish"]


def test_a_graph_finds_nearly_what_an_exact_search_does_and_is_kept(tmp_path: Path) -> None:
    pytest.importorskip("usearch", reason="needs the extra neighbours")
    random = Random(0)
    texts = ["".join(random.choices("abcdefghij", k=30)) for _ in range(3000)]
    many = Corpus(tuple(Document(str(at), text) for at, text in enumerate(texts)))
    exact = Dense(many, Letters())
    made, kept = (Dense(many, Letters(), Store(tmp_path), exact=False) for _ in range(2))
    shared = [set(exact.ranked(text, 10)) & set(made.ranked(text, 10)) for text in texts[:50]]
    assert sum(map(len, shared)) >= 0.95 * 500 and exact.ranked("abc", 0) == made.ranked("abc", 0)
    assert all(made.ranked(text, 10) == kept.ranked(text, 10) for text in texts[:50])
    assert made.identity == kept.identity != exact.identity


@pytest.mark.parametrize("kept", [0.0, 0.5])
def test_a_graph_that_is_damaged_is_made_anew(tmp_path: Path, kept: float) -> None:
    pytest.importorskip("usearch", reason="needs the extra neighbours")
    many = Corpus(tuple(Document(str(at), "abc"[: 1 + at % 3] * (at + 1)) for at in range(90)))
    Dense(many, Letters(), Store(tmp_path), exact=False)
    [file] = tmp_path.glob("*-graph/*")
    file.write_bytes(file.read_bytes()[: int(kept * file.stat().st_size)])
    again = Dense(many, Letters(), Store(tmp_path), exact=False)
    assert again.ranked("aab", 5) == Dense(many, Letters()).ranked("aab", 5)


def test_many_vectors_make_a_graph_where_it_can_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tts.retrieval.neighbours.MANY", 2)
    graph = find_spec("usearch") is not None
    assert ("neighbours" in Dense(CORPUS, Letters()).identity) is graph
    assert "neighbours" not in Dense(CORPUS, Letters(), exact=True).identity


def test_a_graph_without_its_package_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tts.retrieval.neighbours.find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r"tts-engine\[neighbours\]"):
        Dense(CORPUS, Letters(), exact=False)


def test_an_index_whose_making_was_killed_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tts.retrieval.dense.BLOCK", 2)
    many = Corpus(tuple(Document(str(i), f"{'abc' * i} text") for i in range(9)))
    with pytest.raises(KeyboardInterrupt):
        Dense(many, Letters(dies_at=5), Store(tmp_path))
    [file] = tmp_path.glob("*.f32")
    with file.open("ab") as half:
        half.write(b"half a row")
    second = Letters()
    resumed = Dense(many, second, Store(tmp_path))
    assert second.texts == 5
    assert resumed.ranked("ab text", 9) == Dense(many, Letters()).ranked("ab text", 9)


def test_another_corpus_or_size_of_vectors_is_another_index(tmp_path: Path) -> None:
    class Wide(Letters):
        size = 52

        def embed(self, texts: Any) -> Any:
            return np.tile(super().embed(texts), 2)

    other = Corpus((*CORPUS.documents, Document("new", "new")))
    for corpus, embedder in ((CORPUS, Letters()), (CORPUS, Wide()), (other, Letters())):
        Dense(corpus, embedder, Store(tmp_path))
    assert len(list(tmp_path.glob("*.f32"))) == 3


def test_an_embedder_that_gives_another_size_is_told_in_one_line() -> None:
    class Odd(Letters):
        size = 30

    with pytest.raises(BadReply, match=r"shape \(3, 26\) for 3 texts; its index holds 30"):
        Dense(CORPUS, Odd())


@given(st.lists(st.permutations("abcde"), min_size=1, max_size=4))
def test_fusion_keeps_every_id_once_and_agreement_first(rankings: list[list[str]]) -> None:
    fused = reciprocal_ranks(rankings)
    assert sorted(fused) == list("abcde")
    firsts = {ranking[0] for ranking in rankings}
    assert len(firsts) > 1 or fused[0] in firsts


def test_fused_retrievers_name_all_their_parts() -> None:
    fused = Fused((BM25(CORPUS), Dense(CORPUS, Letters())))
    assert found(fused, "cat", 1) == ["cat"] and fused.cost == 0.0
    assert fused.identity != Fused((BM25(CORPUS),)).identity


@pytest.mark.parametrize("later", [False, True])
def test_a_reranker_has_the_last_word(later: bool) -> None:
    def shortest(_: str, documents: Any) -> Any:
        return [-len(one.text) for one in documents]

    async def awaited(query: str, documents: Any) -> Any:
        return shortest(query, documents)

    ranked = Reranked(BM25(CORPUS), awaited if later else shortest, named="shortest", price=None)
    assert found(ranked, "cat dog fish", 1) == ["dog"] and ranked.cost is None
