"""Three forms, one plan."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts.planner.language import (
    Call,
    Condition,
    NativeReader,
    Plan,
    Reference,
    Text,
    draft_of,
    open_reader,
    read_plan,
    write_native,
    write_plan,
)
from tts.planner.language.text_values import read_string, write_string

NAMES = ("search", "price", "add", "fetch_all")
FIELDS = ("name", "items", "two words", "ünï", 'qu"ote', "0")
WORDS = (
    st.text(max_size=12)
    | st.text('${}1.a[]"\\ #\n', max_size=6)
    | st.sampled_from(["$1", "under $1 million", "$$2", "${3}", "$item", "1. add(2)", "é😀"])
)


def reference(before: int) -> st.SearchStrategy[Any]:
    """Something of an earlier call."""
    path = st.lists(st.sampled_from(FIELDS) | st.integers(-1, 3), max_size=2).map(tuple)
    return st.builds(Reference, st.integers(1, before), path)


def value(before: int) -> st.SearchStrategy[Any]:
    """A constant, a reference, a text with insertions, or a structure of them."""
    plain: Any = WORDS | st.integers(-(10**6), 10**6) | st.booleans() | st.none()
    plain |= st.floats(allow_nan=False, allow_infinity=False)
    if before:
        plain |= reference(before) | _texts(before)
    return st.recursive(
        plain,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=2),
        max_leaves=4,
    )


@st.composite
def _texts(draw: Any, before: int) -> Text:
    parts: list[Any] = [draw(reference(before))]
    for _ in range(draw(st.integers(0, 2))):
        parts += [draw(WORDS.filter(bool)), draw(reference(before))]
    if draw(st.booleans()):
        parts.append(draw(WORDS.filter(bool)))
    return Text(tuple(parts))


@st.composite
def plans(draw: Any) -> Plan:
    """Plans of every shape that the language has."""
    calls = [draw(_call(number)) for number in range(1, draw(st.integers(1, 5)) + 1)]
    joined = draw(st.booleans())
    answer = None if joined else draw(value(len(calls)))
    return Plan(calls=tuple(calls), answer=answer, joined=joined)


@st.composite
def _call(draw: Any, number: int) -> Call:
    before = number - 1
    names = st.sampled_from(["query", "n", "where", "b"])
    policy = draw(st.sampled_from([None, "fail", "skip", "replan", "substitute"]))
    when = draw(st.none() | _condition(before)) if draw(st.integers(0, 3)) == 0 else None
    return Call(
        id=number,
        tool=draw(st.sampled_from(NAMES)),
        arguments=draw(st.dictionaries(names, value(before), max_size=3)),
        each=draw(st.none() | reference(before)) if before else None,
        when=when,
        after=tuple(draw(st.lists(st.integers(1, before), max_size=2))) if before else (),
        on_failure=policy,
        substitute=draw(value(before)) if policy == "substitute" else None,
    )


def _condition(before: int) -> st.SearchStrategy[Any]:
    plain = st.builds(Condition, value(before), negated=st.booleans())
    sign = st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "in"])
    return plain | st.builds(Condition, value(before), sign, value(before), st.booleans())


@given(plans())
@settings(max_examples=60)
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_plan_is_read_back_as_it_was_written(form: Any, plan: Plan) -> None:
    draft = read_plan(write_plan(plan, form), form)
    assert draft.faults == ()
    assert draft.plan == plan


@pytest.mark.parametrize("literal", ["$", "cost: $$", "${$}", "$1$", "${1}$", "${$}$"])
def test_dollars_right_before_a_reference_are_read_back(literal: str) -> None:
    value = Text((Reference(1), literal, Reference(1)))
    assert read_string(write_string(value)) == value
    assert read_string(write_string(literal)) == literal


@given(_texts(2))
@settings(max_examples=150)
def test_a_text_with_insertions_is_read_back_whatever_stands_between_them(value: Text) -> None:
    assert read_string(write_string(value)) == value


@given(plans())
@settings(max_examples=40)
def test_native_calls_are_read_back_as_they_were_written(plan: Plan) -> None:
    reader = NativeReader()
    assert draft_of([*reader.feed(write_native(plan)), *reader.end()]).plan == plan


@given(plans(), st.text(max_size=40), st.data())
@settings(max_examples=60)
@pytest.mark.parametrize("form", ["text", "json"])
def test_the_calls_depend_on_the_text_and_not_on_its_chunks(
    form: Any, plan: Plan, noise: str, data: Any
) -> None:
    text = noise + "\n" + write_plan(plan, form)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    whole, pieces = open_reader(form), open_reader(form)
    expected = [*whole.feed(text), *whole.end()]
    found = []
    for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True):
        found += pieces.feed(text[start:end])
    assert [*found, *pieces.end()] == expected
