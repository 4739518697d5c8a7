"""Hops as a graph: what needs nothing goes at once, what needs an answer gets it plugged in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tts.engine import parse_strategy
from tts.errors import LedgerError, UsageError
from tts.protocols import CallRow, IntentRow
from tts.strategies.retrieval.hop_graph import Answers, joint
from tts.values import Budget, Sampling

ROOM = Sampling(max_tokens=40)
SPLIT = (
    "1. Who directed Glass Harbour?\n2. Which island is Visby on?\n3. Where was #1 born, near #2?"
)
TOLD = {
    "Who directed Glass Harbour?": "Ida Brandt",
    "Which island is Visby on?": "Gotland",
    "Where was Ida Brandt born, near Gotland?": "Visby",
}


def reader(
    split: str = SPLIT, told: dict[str, Any] = TOLD, end: str = "Visby"
) -> Callable[..., str]:
    """Splits, answers sub-questions by their words, and concludes where hops are shown."""

    def say(messages: Any, prefix: str, index: int) -> str:
        asked = messages[-1].content
        if "Split the question" in messages[0].content:
            return split
        if "Intermediate answer:" in asked:
            return end
        question = asked.rpartition("Question: ")[2].partition("\n")[0]
        found = told.get(question, end)
        return found if isinstance(found, str) else found[index % len(found)]

    return say


def asked(library: Any, spelled: str, say: Any = None, **how: Any) -> tuple[Any, list[str]]:
    model = library.lab.words(say or reader())
    result = library.ask(parse_strategy(spelled), model, sampling=ROOM, **how)
    return result, library.prompts(model)


def test_answers_are_plugged_into_the_questions_that_need_them(library: Any) -> None:
    result, prompts = asked(library, "hop_graph(k=1)")
    assert result.answer == "Visby" and len(prompts) == 5
    assert "Question: Where was Ida Brandt born, near Gotland?" in prompts[3]
    assert "Intermediate answer: Gotland\nFollow up: Where was Ida Brandt" in prompts[4]
    assert result.usage.retrievals == 3 and set(result.spend) == {"plan", "retrieve", "sample"}


def test_what_needs_nothing_goes_at_once_and_what_follows_waits_for_nothing_else(
    library: Any,
) -> None:
    lab, times = library.lab, []

    class Timed(type(lab.Slow(None))):  # type: ignore[misc]
        async def generate(self, request: Any, meter: Any, listener: Any = None) -> Any:
            asked = request.messages[-1].content.rpartition("Question: ")[2].partition("\n")[0]
            self.fixed = 50.0 if "island" in asked else 10.0
            times.append(asyncio.get_running_loop().time())
            return await super().generate(request, meter, listener)

    split = "1. Who directed Glass Harbour?\n2. Which island is Visby on?\n3. Where was #1 born?"
    model = Timed(lab.words(reader(split)))
    result = library.ask(parse_strategy("hop_graph(k=1)"), model, sampling=ROOM)
    starts = [round(at - times[0]) for at in times]
    assert result.answer == "Visby" and starts == [0, 10, 10, 20, 60]


def test_a_beam_carries_several_answers_and_the_likelier_way_decides(library: Any) -> None:
    told = {
        "Who directed Glass Harbour?": ["Ida Brandt", "Ida Brandt", "Aino Salo"],
        "Where was Ida Brandt born?": "Visby",
        "Where was Aino Salo born?": "Turku",
    }
    split = "1. Who directed Glass Harbour?\n2. Where was #1 born?"

    def say(messages: Any, prefix: str, index: int) -> str:
        asked = messages[-1].content
        if "Intermediate answer:" in asked:
            return asked.rpartition("Intermediate answer: ")[2].partition("\n")[0]
        return reader(split, told)(messages, prefix, index)

    result, prompts = asked(library, "hop_graph(k=1, beam=2, draws=3)", say)
    assert any("Where was Aino Salo born?" in one for one in prompts)
    assert result.answer == "Visby" and len(prompts) == 1 + 3 + 6 + 2
    assert {kept.candidate.answer for kept in result.candidates} == {"Visby", "Turku"}


def test_rules_split_without_a_call(library: Any) -> None:
    result, prompts = asked(library, "hop_graph(k=1, decomposer=rules)", reader(end="Ida Brandt"))
    assert "plan" not in result.spend and len(prompts) == 3
    assert "Question: Who or what is the director of Glass Harbour?" in prompts[0]
    assert "Question: Where was Ida Brandt born?" in prompts[1]


def test_a_question_that_nothing_splits_is_answered_from_its_documents(library: Any) -> None:
    result, prompts = asked(library, "hop_graph(k=2)", reader("I cannot."))
    assert result.answer == "Visby" and len(prompts) == 2 and "Documents:" in prompts[1]


def test_a_hop_whose_retrieval_fails_is_answered_without_documents(library: Any) -> None:
    class Broken:
        name, identity, cost = "broken", 1, 0.0

        async def retrieve(self, query: str, k: int) -> Any:
            raise OSError("gone")

    result, prompts = asked(library, "hop_graph(k=2)", retriever=Broken())
    assert result.answer == "Visby" and not any("Documents:" in one for one in prompts)
    assert sum(result.missing.values()) == 3


@hypothesis_settings(max_examples=40)
@given(
    budget=st.one_of(
        st.integers(200, 3000).map(lambda tokens: Budget(tokens=tokens)),
        st.integers(2, 14).map(lambda calls: Budget(calls=calls)),
        st.integers(0, 5).map(lambda retrievals: Budget(retrievals=retrievals)),
    ),
    spelled=st.sampled_from(
        ["hop_graph(k=1)", "hop_graph(k=2, beam=2, draws=2)", "hop_graph(decomposer=rules)"]
    ),
)
def test_no_budget_is_exceeded_and_there_is_an_answer(
    library: Any, budget: Budget, spelled: str
) -> None:
    result, _ = asked(library, spelled, budget=budget)
    assert budget.allows(result.usage)
    assert result.error is None and result.answer is not None


@hypothesis_settings(max_examples=20)
@given(life=st.integers(2, 30), beam=st.integers(1, 2))
def test_a_killed_run_repeats_nothing_and_ends_alike(library: Any, life: int, beam: int) -> None:
    lab, strategy = library.lab, parse_strategy(f"hop_graph(k=1, beam={beam}, draws=2)")
    whole = library.ask(strategy, lab.words(reader()), sampling=ROOM)
    book = lab.MortalJournal(job="lab", life=life)
    try:
        library.ask(strategy, lab.words(reader()), sampling=ROOM, journal=book)
    except LedgerError:
        resumed = lab.again(book)
        again = library.ask(strategy, lab.words(reader()), sampling=ROOM, journal=resumed)
        assert (again.answer, again.usage) == (whole.answer, whole.usage)
        before = len(lab.rows(book, IntentRow))
        finished = {row.key for row in lab.rows(book, CallRow)}
        assert not finished & {row.key for row in lab.rows(resumed, IntentRow)[before:]}


def way(chances: dict[int, tuple[str, float]]) -> Answers:
    return Answers(
        {place: one for place, (one, _) in chances.items()},
        {place: share for place, (_, share) in chances.items()},
    )


def test_hops_that_rest_on_one_hop_rest_on_the_same_answer_and_count_its_chance_once() -> None:
    left = [way({0: ("a", 0.6), 1: ("x", 1.0)}), way({0: ("b", 0.4), 1: ("y", 1.0)})]
    right = [way({0: ("b", 0.4), 2: ("z", 0.5)}), way({0: ("a", 0.6), 2: ("w", 0.5)})]
    found = joint([left, right], beam=4)
    assert [one.said for one in found] == [
        {0: "a", 1: "x", 2: "w"},
        {0: "b", 1: "y", 2: "z"},
    ]
    assert [one.chance for one in found] == pytest.approx([0.3, 0.2])


def test_a_hop_without_an_answer_takes_nothing_from_the_others() -> None:
    known = [way({0: ("a", 1.0)})]
    assert joint([known, []], beam=2) == known


@pytest.mark.parametrize("wrong", ["n=0", "k=-1", "beam=0", "draws=0", "decomposer=luck"])
def test_a_parameter_that_cannot_be_is_refused(wrong: str) -> None:
    with pytest.raises(UsageError, match=wrong.partition("=")[0]):
        parse_strategy(f"hop_graph({wrong})")
