"""Retrievers by name and as objects, in an engine and in a comparison."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tts.backends.scripted import ScriptedGenerator
from tts.engine import Engine
from tts.engine.open_retriever import open_retrieval
from tts.errors import BadInput, ManifestChanged, UnknownName, UsageError
from tts.eval.recipe import recipe_of
from tts.eval.run_comparison import run_comparison
from tts.options import SessionOptions
from tts.values import Document

ROWS = '{"id": "g", "text": "Glass Harbour was directed by Ida Brandt."}\n{"text": "Other."}\n'


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    place = tmp_path / "corpus.jsonl"
    place.write_text(ROWS)
    return place


def model() -> ScriptedGenerator:
    return ScriptedGenerator(lambda *_: "Ida Brandt")


def retrieved(**options: Any) -> list[str]:
    operation = open_retrieval(SessionOptions.of(**options))
    assert operation is not None
    found = asyncio.run(operation.retriever.retrieve("Who directed Glass Harbour?", 1))
    return [one.id for one in found]


def test_a_corpus_is_read_by_words_unless_another_way_is_named(corpus: Path) -> None:
    assert retrieved(corpus=corpus) == ["g"]


@pytest.mark.parametrize("name", ["static", "fused"])
def test_a_retriever_by_name_finds_the_document(corpus: Path, name: str) -> None:
    pytest.importorskip("wordllama")
    assert retrieved(corpus=corpus, retriever=name) == ["g"]


def test_without_a_corpus_there_is_none() -> None:
    assert open_retrieval(SessionOptions.of()) is None


def test_a_name_that_nobody_knows_is_told_even_without_a_corpus() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'bm25'"):
        open_retrieval(SessionOptions.of(retriever="bm52"))


def test_what_is_no_retriever_is_told() -> None:
    with pytest.raises(BadInput, match="retriever=3: a retriever's name is needed"):
        SessionOptions.of(retriever=3)


class _Without:
    """A finder that does not find one package."""

    def __init__(self, finder: Any, package: str) -> None:
        self.finder, self.package = finder, package

    def find_spec(self, name: str, *how: Any) -> Any:
        return None if name == self.package else self.finder.find_spec(name, *how)


@pytest.mark.parametrize(
    ("package", "name", "said"),
    [
        ("bm25s", "bm25", "pip install bm25s"),
        ("wordllama", "static", r"tts-engine\[vectors\]"),
        ("onnxruntime", "sentences", r"tts-engine\[sentences\]"),
    ],
)
def test_a_package_that_is_missing_is_named_in_one_line(
    corpus: Path, package: str, name: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    without = [_Without(finder, package) for finder in sys.meta_path]
    monkeypatch.setattr(sys, "meta_path", without)
    monkeypatch.delitem(sys.modules, package, raising=False)
    with pytest.raises(UsageError, match=said):
        open_retrieval(SessionOptions.of(corpus=corpus, retriever=name))


def test_an_engine_takes_a_retriever_of_ones_own() -> None:
    class Own:
        name, identity, cost = "own", 1, 0.0

        async def retrieve(self, query: str, k: int) -> Any:
            return [Document("1", "Read in my own store.")]

    asked = model()
    with Engine(asked, retriever=Own(), verifier=None) as engine:
        result = engine.solve_sync("Who directed it?", strategy="rag(k=1)")
    assert (
        result.answer == "Ida Brandt" and "my own store" in asked.requests[0].messages[-1].content
    )


def compared(corpus: Path, folder: Path, **more: Any) -> Any:
    problems = folder / "problems.jsonl"
    problems.write_text('{"id": "1", "question": "Who directed it?", "answer": "Ida Brandt"}\n')
    keys = {"problems": str(problems), "strategies": ["rag(k=1)"], "corpus": str(corpus), **more}
    spec = recipe_of(keys).spec()
    options = SessionOptions.of(model=model(), verifier=None, corpus=corpus)
    spec = replace(spec, options=options)
    return asyncio.run(run_comparison(spec, ledger=folder / "jobs.db", job="j"))


def test_a_comparison_over_a_corpus_asks_short_questions(corpus: Path, tmp_path: Path) -> None:
    [row] = compared(corpus, tmp_path).rows
    assert row.words is not None and row.words.em == 1.0 and row.accuracy.value == 1.0
    assert [one.usage.calls for one in row.spend if one.role == "retrieve"] == [1]


def test_a_job_over_a_corpus_that_changed_is_refused(corpus: Path, tmp_path: Path) -> None:
    compared(corpus, tmp_path)
    corpus.write_text(ROWS + '{"text": "New."}\n')
    with pytest.raises(ManifestChanged, match="retriever"):
        compared(corpus, tmp_path)
