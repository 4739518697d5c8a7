"""The benchmark of retrieval, where its data is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tts.eval.bench.report import VARIABLE, NeedsData
from tts.eval.bench.retrieval import _found, read_questions, retrieval
from tts.eval.bench.retrieval_speed import made_up
from tts.retrieval import BM25, read_corpus

DATA = Path(os.environ.get(VARIABLE, "")) / "rag"


def test_without_data_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(NeedsData, match=VARIABLE):
        retrieval()


@pytest.mark.skipif(
    not (DATA / "musique.json").exists(), reason=f"{VARIABLE} names no folder of data"
)
def test_answers_plugged_into_gold_sub_questions_find_what_one_shot_does_not() -> None:
    corpus = read_corpus(DATA / "musique_corpus.json")
    questions = read_questions(DATA / "musique.json", corpus)
    assert "American Psychological Association" in questions[0].hops[1]
    rows = _found(BM25(corpus), questions, one_shot=0.23, hops=0.88)
    assert all(row.holds is not False for row in rows) and rows[0].value > 3 * rows[1].value
    assert len(made_up(corpus, 50)) == 50
