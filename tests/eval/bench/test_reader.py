"""What the benchmark of the reader counts: worlds, not questions, and documents that hold the answer."""

from __future__ import annotations

from pathlib import Path

from tts.eval.bench.reader import Oracle, by_world
from tts.eval.problems import load_problems
from tts.retrieval import BM25, read_corpus


def test_a_world_counts_once_whatever_is_asked_of_it() -> None:
    right = {"facts-3-7-0": 1.0, "facts-3-7-1": 0.0, "facts-3-8-0": 1.0, "facts-1-8-0": 0.0}
    assert by_world(right, (3,)) == [0.5, 1.0]


async def test_the_oracle_finds_what_an_answer_rests_on_and_for_other_queries_what_words_find() -> (
    None
):
    problems = load_problems("facts:n=5,seed=3")
    words = BM25(read_corpus(Path("facts:3")))
    oracle = Oracle(words, problems)
    two_hops = problems[-1]
    support = [one.id for one in await oracle.retrieve(two_hops.prompt, 10)]
    assert support == two_hops.metadata["support"]
    other = "Who is the mentor of Nobody?"
    assert await oracle.retrieve(other, 3) == await words.retrieve(other, 3)
