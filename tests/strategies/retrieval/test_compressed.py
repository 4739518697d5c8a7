"""Compression stands in front of any strategy, costs what it costs, and keeps the answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tts.engine import parse_strategy, spell_strategy
from tts.errors import TTSError
from tts.retrieval import BM25, Corpus
from tts.strategies.retrieval.extract import extracted, sentences
from tts.values import Budget, Demonstration, Document, Sampling

LONG = Document(
    "film",
    "The harbour lies in the north. Glass Harbour was directed by Ida Brandt. It rained a lot. "
    "Many boats came. They were red, and some were blue. Nobody counted them all.",
    "Glass Harbour",
)
OTHER = Document("person", "Ida Brandt was born in Visby. She liked boats. Her cat was old.", "Ida")
SHELF = BM25(Corpus((LONG, OTHER)))
ROOM = Sampling(max_tokens=40)


def words(text: str) -> int:
    return len(text.split())


def say(capsule: str, *answers: str) -> Callable[..., str]:
    """Writes that passage; answers the documents, the passage, and then the last one."""
    left = list(answers)

    def said(messages: Any, prefix: str, index: int) -> str:
        if "Rewrite the documents" in messages[0].content:
            return capsule
        return left.pop(0) if len(left) > 1 else left[0]

    return said


def asked(library: Any, spelled: str, script: Any, **how: Any) -> tuple[Any, list[str]]:
    model = library.lab.words(script)
    strategy = parse_strategy(spelled)
    result = library.ask(strategy, model, retriever=SHELF, sampling=ROOM, **how)
    return result, library.prompts(model)


def test_sentences_that_suit_are_kept_in_their_order_under_the_cap() -> None:
    found = extracted("Who directed Glass Harbour?", (LONG, OTHER), 11, words)
    assert [one.text for one in found] == ["Glass Harbour was directed by Ida Brandt."]
    both = extracted(
        "Where was Ida Brandt, who directed Glass Harbour, born?", (LONG, OTHER), 20, words
    )
    assert [one.id for one in both] == ["film", "person"]
    assert both[1].text == "Ida Brandt was born in Visby."


@given(st.lists(st.text(max_size=80), max_size=5), st.text(max_size=40), st.integers(0, 60))
def test_no_cap_is_passed_and_nothing_is_made_up(
    texts: list[str], question: str, most: int
) -> None:
    documents = tuple(Document(f"{place}", text) for place, text in enumerate(texts))
    found = extracted(question, documents, most, words)
    assert sum(words(one.text) for one in found) <= most
    assert all(
        sentence in documents[int(one.id)].text for one in found for sentence in sentences(one.text)
    )


def test_a_strategy_reads_less_and_the_run_says_how_much(library: Any) -> None:
    plain, _ = asked(library, "rag(k=2)", say("", "Visby"))
    short, prompts = asked(
        library, "compressed(of=rag, having={k: 2}, tokens=24)", say("", "Visby")
    )
    assert short.answer == "Visby" and short.usage.prompt_tokens < plain.usage.prompt_tokens
    assert "red, and some" not in prompts[0] and "directed by Ida" in prompts[0]
    assert short.reasons[0].facts["before"] > 24 >= short.reasons[0].facts["after"] - 8


def test_every_retrieval_of_any_strategy_passes_through_it(library: Any) -> None:
    script = say(
        "", "Follow up: Where was Ida Brandt born?", "Visby", "So the final answer is: Visby"
    )
    result, prompts = asked(
        library, "compressed(of=iterdrag, having={k: 2, n: 1}, tokens=20)", script
    )
    assert result.answer == "Visby" and result.usage.retrievals == 2
    assert not any("red, and some" in one for one in prompts)


@pytest.mark.parametrize(
    ("of", "having"), [("drag", "k: 2, m: 1"), ("iterdrag", "k: 2, m: 1, n: 1")]
)
@pytest.mark.parametrize("by", ["sentences", "model"])
def test_documents_that_a_demonstration_brings_pass_through_it_and_are_paid_for(
    library: Any, of: str, having: str, by: str
) -> None:
    shot = Demonstration(question="Who made Glass Harbour?", answer="Ida", documents=(LONG,))
    script = say("Ida Brandt made it.", "So the final answer is: Visby")
    spelled = f"compressed(of={of}, having={{{having}}}, by={by}, tokens=16)"
    plain, whole = asked(
        library, f"{of}({having.replace(': ', '=')})", script, demonstrations=[shot]
    )
    short, prompts = asked(library, spelled, script, demonstrations=[shot])
    assert "red, and some" in whole[-1] and "red, and some" not in prompts[-1]
    written = by == "model"
    assert ("Ida Brandt made it." in prompts[-1].split("Answer: Ida")[0]) is written
    assert (short.usage.calls > plain.usage.calls) is written and short.answer == "Visby"


def test_a_passage_is_read_where_it_gives_the_answer_of_the_documents(library: Any) -> None:
    spelled = "compressed(of=rag, having={k: 2}, by=model, tokens=30)"
    result, prompts = asked(library, spelled, say("Ida, born in Visby, directed it.", "Visby"))
    assert len(prompts) == 4 and result.answer == "Visby"
    assert "Ida, born in Visby, directed it." in prompts[-1] and "boats" not in prompts[-1]
    assert result.spend["sample"].calls == 4


def test_a_passage_that_changes_the_answer_is_dropped(library: Any) -> None:
    spelled = "compressed(of=rag, having={k: 2}, by=model, tokens=30)"
    result, prompts = asked(library, spelled, say("Nothing.", "Visby", "unknown", "Visby"))
    assert "boats" in prompts[-1] and "documents stand" in result.reasons[-1].said


def test_unprobed_a_passage_costs_one_call_and_short_documents_none(library: Any) -> None:
    spelled = "compressed(of=rag, having={{k: 2}}, by=model, probed=false, tokens={})"
    _, long = asked(library, spelled.format(30), say("Short.", "Visby"))
    _, short = asked(library, spelled.format(400), say("Short.", "Visby"))
    assert (len(long), len(short)) == (2, 1)


@pytest.mark.parametrize("by", ["sentences", "model"])
@pytest.mark.parametrize("tokens", range(180, 700, 90))
def test_its_own_calls_stand_under_the_budget(library: Any, by: str, tokens: int) -> None:
    spelled = f"compressed(of=rag, having={{k: 2}}, by={by}, tokens=25)"
    budget = Budget(tokens=tokens)
    result, _ = asked(library, spelled, say("Ida of Visby.", "Visby"), budget=budget)
    assert budget.allows(result.usage) and result.answer == "Visby"


def test_it_is_spelled_as_it_is_read() -> None:
    strategy = parse_strategy("compressed(of=drag, having={k: 3, m: 1}, tokens=50)")
    again = parse_strategy(spell_strategy(strategy))
    assert again.parameters == strategy.parameters
    assert strategy.parameters["having"] == {"k": 3, "m": 1}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("tokens=0", "tokens"),
        ("by=luck", "sentences or model"),
        ("of=compressed", "another strategy"),
        ("of=nothing", "nothing"),
        ("having={q: 1}", "no parameter 'q'"),
        ("having=3", "having"),
    ],
)
def test_what_cannot_be_is_refused(wrong: str, said: str) -> None:
    with pytest.raises(TTSError, match=said):
        parse_strategy(f"compressed({wrong})")
