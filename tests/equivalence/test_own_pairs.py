"""The project's own pairs, and what holds of every text."""

from __future__ import annotations

from string import ascii_letters

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.equivalence import Equivalence, quick
from tts.equivalence.words import words
from tts.eval.bench.equivalence import Pair, own_pairs
from tts.values import AnswerKind

KINDS: tuple[AnswerKind, ...] = ("any", "text", "mathematics")
WORDS = st.text(alphabet=ascii_letters, min_size=4, max_size=12)
ABOUT = sorted({pair.about for pair in own_pairs()})


def test_the_own_pairs_are_many_and_of_both_sorts() -> None:
    pairs = own_pairs()
    assert len(pairs) >= 400
    assert min(sum(pair.same for pair in pairs), sum(not pair.same for pair in pairs)) >= 200


@pytest.mark.parametrize("about", ABOUT)
async def test_own_pairs_are_judged_as_they_should_in_both_orders(
    equivalence: Equivalence, about: str
) -> None:
    wrong: list[Pair] = []
    for pair in own_pairs():
        if pair.about == about:
            judge = equivalence.of(pair.kind)
            verdicts = {await judge.compare(pair.a, pair.b), await judge.compare(pair.b, pair.a)}
            wrong += [] if verdicts == {"same" if pair.same else "different"} else [pair]
    assert wrong == []


@given(WORDS.flatmap(lambda word: st.tuples(st.just(word), st.permutations(word))))
def test_anagrams_are_never_the_same(pair: tuple[str, list[str]]) -> None:
    word, letters = pair[0], "".join(pair[1])
    for kind in KINDS:
        verdict = quick(word, letters, kind=kind)
        assert verdict == ("same" if words(word, kind) == words(letters, kind) else "different")


@given(st.text(max_size=30), st.text(max_size=30))
def test_text_answers_are_the_same_only_where_their_keys_are(a: str, b: str) -> None:
    letters = [part for part in (a, b) if part.replace(" ", "").isalpha() and len(part) > 3]
    if len(letters) == 2:
        same = quick(a, b, kind="text") == "same"
        assert same == (words(a, "text") == words(b, "text"))


@given(st.lists(st.sampled_from(["Tokyo", "Kyoto", "Rome", "More", "on", "no", "Oslo", "solo"])))
def test_words_in_another_order_are_another_text(parts: list[str]) -> None:
    one, other = " ".join(parts), " ".join(reversed(parts))
    assert quick(one, other, kind="text") == ("same" if parts == parts[::-1] else "different")


@given(st.text(max_size=60))
def test_a_key_is_its_own_key(text: str) -> None:
    key = words(text, "text")
    assert words(key, "text") == key or len(words(key, "text")) < len(key)


@given(st.text(max_size=40), st.text(max_size=40), st.sampled_from(KINDS))
def test_every_kind_is_symmetric(a: str, b: str, kind: AnswerKind) -> None:
    assert quick(a, b, kind=kind) == quick(b, a, kind=kind)
