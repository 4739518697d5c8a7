"""The per-question policy: what is asked is what the probes leave open, and what the budget holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tts.engine import parse_budget, parse_strategy
from tts.errors import TTSError
from tts.strategies import AdaptiveRAG
from tts.strategies.retrieval.confidence import AGREEMENT, Said
from tts.values import Budget

HOPS = ("Follow up: Who directed Glass Harbour?", "Ida Brandt", "So the final answer is: Visby")


def asked(library: Any, spelled: str, *lines: str, **how: Any) -> tuple[Any, int]:
    model = library.model(*lines)
    result = library.ask(parse_strategy(spelled), model, **how)
    return result, len(model.requests)


def test_probes_that_agree_end_it_after_two_calls_and_one_retrieval(library: Any) -> None:
    result, calls = asked(library, "adaptive_rag", "Visby")
    assert (result.answer, calls, result.usage.retrievals) == ("Visby", 2, 1)
    assert "the probes" in result.reasons[-1].said


def test_more_documents_are_read_where_the_probes_differ(library: Any) -> None:
    result, calls = asked(library, "adaptive_rag", "Turku", "Visby", "Visby")
    assert (result.answer, calls) == ("Visby", 3)


def test_hops_follow_where_documents_settle_nothing(library: Any) -> None:
    result, calls = asked(library, "adaptive_rag(k=2)", "Turku", "Visby", "Gotland", *HOPS)
    assert (result.answer, calls, result.usage.retrievals) == ("Visby", 6, 2)
    assert "hops" in result.reasons[-1].said


def test_where_all_differ_a_further_sample_decides_the_vote(library: Any) -> None:
    said = ("Turku", "Visby", "Gotland", "So the final answer is: Oslo", "Gotland")
    result, calls = asked(library, "adaptive_rag(k=2, samples=1)", *said)
    assert (result.answer, calls) == ("Gotland", 5)


def test_an_answer_that_stands_alone_may_be_kept_back(library: Any) -> None:
    said = ("Turku", "Visby", "Gotland", "So the final answer is: Oslo")
    spelled = "adaptive_rag(k=2, samples=0, abstain={})"
    given_, _ = asked(library, spelled.format(0.0), *said)
    kept, _ = asked(library, spelled.format(0.6), *said)
    assert (given_.answer, kept.answer, kept.stopped_by) == ("Oslo", None, "done")
    assert "none is sure enough" in kept.reasons[-1].said


@hypothesis_settings(max_examples=30)
@given(tokens=st.integers(150, 2500), retrievals=st.integers(0, 4))
def test_caps_on_tokens_and_retrievals_hold_at_once_and_there_is_an_answer(
    library: Any, tokens: int, retrievals: int
) -> None:
    model = library.lab.words(
        lambda messages, *_: (
            "Follow up: Who directed Glass Harbour?"
            if "one line at a time" in messages[0].content
            and not messages[-1].content.endswith("is:")
            else f"{len(messages[-1].content)}"
        )
    )
    budget = Budget(tokens=tokens, retrievals=retrievals)
    result = library.ask(parse_strategy("adaptive_rag(k=2, samples=3)"), model, budget=budget)
    assert budget.allows(result.usage) and result.answer is not None


def test_what_the_budget_does_not_hold_is_said(library: Any) -> None:
    said = ("Turku", "Visby", "Gotland", "Oslo")
    budget = parse_budget("2 calls, 3 retrievals")
    result, _ = asked(library, "adaptive_rag(k=2)", *said, budget=budget)
    assert result.usage.calls <= 2 and result.answer is not None


def test_surprise_lowers_trust_in_a_fitted_policy_and_unknown_surprise_weighs_nothing(
    tmp_path: Path, library: Any
) -> None:
    told = {
        "shift": 0.0,
        "signs": {"surprise": {"mean": -2.0, "scale": 1.0, "weight": -1.0}},
        "base": 0.4,
        "slope": 0.0,
    }
    place = tmp_path / "policy.json"
    place.write_bytes(msgspec.json.encode(told))
    policy = AdaptiveRAG(policy=str(place)).fitted
    sure, unsure, unknown = (
        policy.confidence(Said("x"), Said("y", logprob)) for logprob in (-0.01, -1.5, None)
    )
    assert sure > unknown == 0.5 > unsure
    _, calls = asked(library, f"adaptive_rag(policy={place})", "Turku", "Visby")
    assert calls == 2


def test_answers_that_agree_are_trusted_without_a_policy() -> None:
    same, other = (AGREEMENT.confidence(Said("Visby"), Said(a)) for a in ("visby.", "Turku"))
    assert AGREEMENT.trusts(same) and not AGREEMENT.trusts(other)


@pytest.mark.parametrize("wrong", ["k=0", "n=-1", "samples=-1", "abstain=2", "digest=abc"])
def test_a_parameter_that_cannot_be_is_refused(wrong: str) -> None:
    with pytest.raises(TTSError, match=wrong.partition("=")[0]):
        parse_strategy(f"adaptive_rag({wrong})")


@pytest.mark.parametrize("content", ["{", '{"shift": 1}', '{"shift": 0, "other": 1}'])
def test_a_file_that_is_no_policy_is_one_line(tmp_path: Path, content: str) -> None:
    place = tmp_path / "policy.json"
    place.write_text(content)
    with pytest.raises(TTSError, match="is no policy of questions"):
        parse_strategy(f"adaptive_rag(policy={place})")
    with pytest.raises(TTSError, match="No such file"):
        parse_strategy(f"adaptive_rag(policy={tmp_path / 'none'})")
