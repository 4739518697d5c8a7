"""IterDRAG: its states, its documents, its caps."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tts.engine import parse_budget, parse_strategy
from tts.errors import LedgerError, UsageError
from tts.protocols import CallRow, IntentRow
from tts.strategies import IterDRAG
from tts.values import Budget, Message

TWO_HOPS = (
    "Follow up: Who directed Glass Harbour?",
    "Ida Brandt",
    "Follow up: Where was Ida Brandt born?",
    "Intermediate answer: Visby",
    "So the final answer is: Visby",
)


def hops_without_end(messages: Any, prefix: str, _: int) -> str:
    """Always something is missing, until an answer is forced."""
    by_lines = "one line at a time" in messages[0].content
    forced = prefix or not by_lines or messages[-1].content.endswith("final answer is:")
    return "Visby" if forced else "Follow up: Who directed Glass Harbour?"


def asked(library: Any, spelled: str, *lines: str, **how: Any) -> tuple[Any, list[str]]:
    model = library.model(*lines)
    result = library.ask(parse_strategy(spelled), model, **how)
    return result, library.prompts(model)


def test_sub_questions_are_retrieved_for_and_answered_until_the_model_is_done(library: Any) -> None:
    result, prompts = asked(library, "iterdrag(k=1)", *TWO_HOPS)
    assert result.answer == "Visby" and result.stopped_by == "done"
    assert result.spend["sample"].calls == 5 and result.spend["retrieve"].calls == 3
    assert prompts[1].endswith("Follow up: Who directed Glass Harbour?\nIntermediate answer:")
    assert "Ida Brandt was born" not in prompts[2] and "Ida Brandt was born" in prompts[3]
    assert prompts[4].endswith("born?\nIntermediate answer: Visby")


def test_a_document_is_shown_once_and_the_newest_stands_next_to_the_question(library: Any) -> None:
    _, prompts = asked(library, "iterdrag(k=1)", *TWO_HOPS)
    last = prompts[-1]
    assert last.count("Glass Harbour was directed") == last.count("Ida Brandt was born") == 1
    assert last.find("Glass Harbour was directed") < last.find("Ida Brandt was born")


def test_what_is_drawn_behind_a_line_that_was_read_is_counted(library: Any) -> None:
    babbled = tuple(f"{line}\nFollow up: and so on?" for line in TWO_HOPS)
    short, _ = asked(library, "iterdrag(k=1)", *TWO_HOPS)
    long, _ = asked(library, "iterdrag(k=1)", *babbled)
    assert (short.answer, short.unread_tokens) == (long.answer, 0)
    more = long.usage.completion_tokens - short.usage.completion_tokens
    assert long.unread_tokens == pytest.approx(more, abs=len(TWO_HOPS))


def test_after_n_hops_the_answer_is_forced(library: Any) -> None:
    result, prompts = asked(library, "iterdrag(k=1, n=2)", "Follow up: and then?")
    assert len(prompts) == 5 and prompts[-1].endswith("So the final answer is:")
    assert result.spend["retrieve"].calls == 3 and result.stopped_by == "done"


@pytest.mark.parametrize(("most", "samples", "spent"), [(1, 1, 1), (3, 1, 3), (4, 2, 3), (9, 1, 5)])
def test_no_run_retrieves_more_often_than_its_budget_holds(
    library: Any, most: int, samples: int, spent: int
) -> None:
    model = library.lab.words(hops_without_end)
    strategy = parse_strategy(f"iterdrag(k=1, n=4, samples={samples})")
    result = library.ask(strategy, model, budget=parse_budget(f"{most} retrievals"))
    assert result.usage.retrievals == result.spend["retrieve"].calls == spent
    assert result.answer == "Visby" and result.stopped_by == "done"


def test_without_room_for_a_retrieval_the_answer_is_forced_from_the_question(library: Any) -> None:
    model = library.lab.words(hops_without_end)
    strategy = parse_strategy("iterdrag(k=1, m=1)")
    result = library.ask(strategy, model, budget=parse_budget("2 retrievals"))
    assert (result.stopped_by, result.usage.retrievals, result.answer) == ("budget", 2, "Visby")


def test_a_model_that_goes_on_by_itself_is_stopped_at_the_end_of_its_line(library: Any) -> None:
    model = library.lab.words(
        lambda messages, *_: (
            "Visby\nFollow up: none"
            if messages[-1].content.endswith(":")
            else "Follow up: Who directed Glass Harbour?\nIntermediate answer: made up\nFollow up: no?"
        )
    )
    result = library.ask(parse_strategy("iterdrag(k=1, n=1)"), model)
    assert result.answer == "Visby" and "made up" not in library.prompts(model)[-1]
    assert result.usage.completion_tokens == 8 + 3 + 3


def test_a_model_that_thinks_is_not_stopped_at_what_it_may_think(library: Any) -> None:
    model = library.model("Visby", capabilities=library.lab.capabilities(reasoning=True))
    library.ask(parse_strategy("iterdrag(k=1)"), model)
    assert {request.sampling.stop for request in model.requests} == {()}


def test_an_answer_that_is_forced_at_the_end_of_a_budget_is_asked_for_as_one(library: Any) -> None:
    strategy = IterDRAG(k=1)
    for cue in ("", "\nIntermediate answer:", "\nSo the final answer is:"):
        [asked] = strategy.insisting((Message("user", f"Question: where?{cue}"),))
        assert asked.content == "Question: where?\nSo the final answer is:"


def test_with_a_stable_layout_every_prompt_begins_as_the_one_before(library: Any) -> None:
    _, prompts = asked(library, "iterdrag(k=2, layout=stable)", *TWO_HOPS)
    assert len(prompts) == 5
    assert all(two.startswith(one) for one, two in pairwise(prompts))


def test_a_stable_layout_computes_fewer_tokens_anew(library: Any) -> None:
    moved, kept = (
        asked(library, f"iterdrag(k=2, layout={layout})", *TWO_HOPS)[0].usage
        for layout in ("best_last", "stable")
    )
    assert kept.fresh_tokens < moved.fresh_tokens


def test_demonstrations_show_their_hops_and_the_documents_of_each(library: Any) -> None:
    result, prompts = asked(library, "iterdrag(k=1, m=1, n=1)", *TWO_HOPS)
    assert "Follow up: Who wrote Blue Mill?\nIntermediate answer: Aino Salo" in prompts[0]
    assert "So the final answer is: Turku" in prompts[0]
    assert result.spend["retrieve"].calls >= 4


def test_chains_vote(library: Any) -> None:
    result, _ = asked(
        library, "iterdrag(k=1, samples=3)", *["Final answer: Visby"] * 2, "Final answer: Turku"
    )
    assert result.answer == "Visby" and result.spend["sample"].calls == 3


def test_a_sub_question_whose_retrieval_fails_is_answered_from_what_is_there(library: Any) -> None:
    class Once:
        name, identity, cost = "once", 1, 0.0

        async def retrieve(self, query: str, k: int) -> Any:
            raise OSError(f"nothing for {query[:3]}")

    result, prompts = asked(library, "iterdrag(k=2, n=1)", *TWO_HOPS, retriever=Once())
    assert result.answer and "Documents:" not in prompts[0] and sum(result.missing.values()) == 2


def test_effective_context_is_the_sum_of_the_prompts_that_were_sent(library: Any) -> None:
    model = library.model(*TWO_HOPS)
    result = library.ask(parse_strategy("iterdrag(k=2, m=1)"), model)
    sent = sum(model.count_prompt(one.messages, one.prefix) for one in model.requests)
    assert result.usage.prompt_tokens == sent


def test_where_no_further_hop_fits_the_answer_is_asked_for(library: Any) -> None:
    result, prompts = asked(
        library, "iterdrag(k=2, n=9)", "Follow up: and then?", budget=Budget(tokens=1100)
    )
    assert result.usage.tokens <= 1100 and result.stopped_by == "done"
    assert prompts[-1].endswith("So the final answer is:")
    assert "no further hop" in result.reasons[-1].said


@hypothesis_settings(max_examples=40)
@given(
    budget=st.one_of(
        st.integers(250, 2500).map(lambda tokens: Budget(tokens=tokens)),
        st.integers(3, 14).map(lambda calls: Budget(calls=calls)),
        st.integers(0, 5).map(lambda retrievals: Budget(retrievals=retrievals)),
    ),
    spelled=st.sampled_from(
        ["iterdrag(k=2)", "iterdrag(k=1, samples=3)", "drag(k=2, m=2)", "rag(k=3, samples=4)"]
    ),
)
def test_no_budget_is_exceeded_and_there_is_an_answer(
    library: Any, budget: Budget, spelled: str
) -> None:
    model = library.lab.words(hops_without_end)
    result = library.ask(parse_strategy(spelled), model, budget=budget)
    assert budget.allows(result.usage)
    assert result.error is None and result.answer is not None


@hypothesis_settings(max_examples=24)
@given(
    life=st.integers(2, 30),
    spelled=st.sampled_from(["iterdrag(k=2, m=1)", "iterdrag(k=1, samples=2)", "drag(k=2, m=2)"]),
)
def test_a_killed_run_repeats_nothing_and_ends_alike(library: Any, life: int, spelled: str) -> None:
    lab = library.lab

    def say(messages: Any, *_: Any) -> str:
        return TWO_HOPS[sum(f"{line}\n" in messages[-1].content for line in TWO_HOPS[::2]) * 2]

    whole = library.ask(parse_strategy(spelled), lab.words(say))
    book = lab.MortalJournal(job="lab", life=life)
    try:
        library.ask(parse_strategy(spelled), lab.words(say), journal=book)
    except LedgerError:
        resumed = lab.again(book)
        again = library.ask(parse_strategy(spelled), lab.words(say), journal=resumed)
        assert (again.answer, again.usage) == (whole.answer, whole.usage)
        before = len(lab.rows(book, IntentRow))
        finished = {row.key for row in lab.rows(book, CallRow)}
        assert not finished & {row.key for row in lab.rows(resumed, IntentRow)[before:]}


@pytest.mark.parametrize("wrong", ["n=0", "k=-1", "m=-1", "layout=sideways", "samples=0"])
def test_a_parameter_that_cannot_be_is_refused(wrong: str) -> None:
    with pytest.raises(UsageError, match=wrong.partition("=")[0]):
        parse_strategy(f"iterdrag({wrong})")
