"""Corpora: what is read, and what is said of what is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.errors import BadInput
from tts.retrieval import Corpus, read_corpus
from tts.retrieval.corpus import passages
from tts.values import Document


def test_jsonl_rows_have_texts_and_may_have_ids_and_titles(tmp_path: Path) -> None:
    place = tmp_path / "corpus.jsonl"
    place.write_text('{"_id": 7, "title": "T", "contents": "one"}\n\n{"text": "two"}\n')
    assert read_corpus(place).documents == (Document("7", "one", "T"), Document("3", "two"))


def test_a_json_list_is_a_corpus(tmp_path: Path) -> None:
    place = tmp_path / "corpus.json"
    place.write_text('[{"text": "one"}, {"text": "two"}]')
    assert [one.id for one in read_corpus(place).documents] == ["1", "2"]


def test_a_folder_gives_its_texts_in_passages(tmp_path: Path) -> None:
    (tmp_path / "b.md").write_text("x " * 150 + "\n\n" + "y " * 150)
    (tmp_path / "a.txt").write_text("first")
    (tmp_path / "skipped.png").write_bytes(b"\xff")
    assert [one.id for one in read_corpus(tmp_path).documents] == ["a.txt#1", "b.md#1", "b.md#2"]


@given(st.text(alphabet="ab \n", max_size=200), st.integers(1, 9))
def test_passages_hold_every_word_once_and_in_order(text: str, words: int) -> None:
    assert " ".join(passages(text, words)).split() == text.split()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "holds no document"),
        ("{", ":1: is not JSON"),
        ("[1]", ":1: a document is an object with a text"),
        ('{"text": "a"}\n{"title": "b"}', ":2: no text: one of text, contents"),
        ('{"id": 1, "text": "a"}\n{"id": 1, "text": "b"}', "two documents have id '1'"),
    ],
)
def test_what_is_no_corpus_is_told_in_one_line(tmp_path: Path, content: str, said: str) -> None:
    place = tmp_path / "corpus.jsonl"
    place.write_text(content)
    with pytest.raises(BadInput) as caught:
        read_corpus(place)
    assert said in str(caught.value) and "\n" not in str(caught.value)


def test_a_corpus_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        read_corpus(tmp_path / "none.jsonl")


def test_every_change_of_content_changes_the_digest() -> None:
    texts = [
        (Document("1", "a"),),
        (Document("1", "b"),),
        (Document("2", "a"),),
        (Document("1", "a", "t"),),
        (Document("1", "a"), Document("2", "a")),
        (Document("2", "a"), Document("1", "a")),
    ]
    assert len({Corpus(one).digest for one in texts}) == len(texts)
