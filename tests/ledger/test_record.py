from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tts.ledger import decode_result, decode_summary, encode_result
from tts.values import Candidate, Kept, Problem, Result, Score, Usage

PROBLEM = Problem(id="p", prompt="2+2?", answer="4")
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
SCORE = st.none() | st.builds(Score, value=st.floats(0, 1), steps=st.tuples(st.floats(0, 1)))


@st.composite
def results(draw: st.DrawFn) -> Result:
    tree: list[Candidate] = []
    for at in range(draw(st.integers(0, 8))):
        parent = draw(st.sampled_from([None, *tree]))
        begun = parent.text if parent and draw(st.booleans()) else ""
        problem = draw(st.sampled_from([PROBLEM, Problem(id="sub", prompt="2?")]))
        tree.append(
            Candidate(problem=problem, text=begun + draw(TEXT), key=f"k{at // 2}", parent=parent)
        )
    chosen = draw(st.sampled_from([None, *tree]))
    kept = tuple(Kept(c, draw(SCORE)) for c in draw(st.permutations(tree)))
    unread = draw(st.none() | st.integers(0, 9))
    return result(
        candidate=chosen, candidates=kept, answer=draw(st.none() | TEXT), unread_tokens=unread
    )


def result(**given: Any) -> Result:
    fields = {"problem_id": "p", "usage": Usage(calls=1), "billed": Usage(nanodollars=None)}
    return Result(**{**fields, "stopped_by": "done", "seconds": 1.5, "run_id": "r", **given})


@given(results())
def test_a_result_comes_back_as_it_was(found: Result) -> None:
    assert decode_result(encode_result(found), PROBLEM) == found


@given(results())
def test_a_summary_is_the_result_without_the_candidates_of_an_answer(found: Result) -> None:
    bare = msgspec.structs.replace(found, candidate=None, candidates=())
    wanted = found if found.answer is None else bare
    assert decode_summary(encode_result(found), PROBLEM) == wanted


@given(found=results(), known=st.sets(st.sampled_from(["k0", "k1", "k2", "k3"])))
def test_texts_that_calls_hold_come_back_from_them(
    rows: Any, found: Result, known: set[str]
) -> None:
    drawn = {kept.candidate.key: kept.candidate for kept in found.candidates}
    texts = {key: drawn[key].delta for key in known & drawn.keys()}
    calls = {
        key: rows.call(key, content=msgspec.json.encode({"text": text, "finish_reason": "stop"}))
        for key, text in texts.items()
    }
    content = encode_result(found, calls.get)
    assert decode_result(content, PROBLEM, calls.get) == found


def test_a_text_that_a_call_holds_is_not_kept_again(rows: Any) -> None:
    drawn = Candidate(problem=PROBLEM, text="so it is four", key="k", completion_tokens=4)
    content = b'{"text":"so it is four","finish_reason":"stop","completion_tokens":4}'
    kept = encode_result(
        result(candidate=drawn, candidates=(Kept(drawn),), answer="4"),
        {"k": rows.call("k", content=content)}.get,
    )
    assert b"four" not in kept


def test_a_chain_of_continuations_stores_every_text_once() -> None:
    last = Candidate(problem=PROBLEM, text="", key="k")
    for at in range(50):
        last = Candidate(problem=PROBLEM, text=last.text + "x" * 100, key=f"k{at}", parent=last)
    content = encode_result(result(candidate=last, candidates=(Kept(last),), answer="4"))
    assert content.count(b"x" * 100) == 50 and b"x" * 101 not in content
    assert b"2+2" not in content
