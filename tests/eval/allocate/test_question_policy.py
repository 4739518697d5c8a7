"""The per-question policy is judged on questions that did not teach it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tts.errors import BadInput
from tts.eval.allocate.question_policy import (
    Recorded,
    fit,
    read_recorded,
    replayed,
)
from tts.eval.bench.report import VARIABLE
from tts.strategies.retrieval.confidence import Said

DATA = Path(os.environ.get(VARIABLE, "")) / "rag"


def questions(n: int, seed: int) -> list[Recorded]:
    """Open-book answers that agree with the model's own are right; of the others, as often as the
    model is little surprised. What asks all ways is right in six of ten."""
    dice = Random(seed)
    return [question(dice) for _ in range(n)]


def question(dice: Random) -> Recorded:
    agrees, surprise = dice.random() < 0.4, 10 ** dice.uniform(-2, 0)
    right = agrees or dice.random() > surprise * 2
    return Recorded(
        closed=Said("read" if agrees else "closed", -0.1),
        read=Said("read", -surprise),
        hops=Said("hops", -0.1),
        chosen=Said("truth" if dice.random() < 0.6 else "hops", -0.1),
        references=("truth", "read") if right else ("truth",),
    )


def test_a_fitted_policy_trusts_agreement_and_asks_again_where_the_model_is_surprised() -> None:
    policy = fit(questions(400, 0))
    agreeing = policy.confidence(Said("read", -0.1), Said("read", -0.5))
    sure = policy.confidence(Said("closed", -0.1), Said("read", -0.01))
    unsure = policy.confidence(Said("closed", -0.1), Said("read", -0.9))
    assert policy.trusts(agreeing) and policy.trusts(sure) and not policy.trusts(unsure)
    assert unsure < 0.4 and agreeing > 0.8


def test_the_policy_is_better_than_either_way_and_escalates_no_more_than_it_may() -> None:
    found = replayed(questions(300, 1))
    assert found.policy.value > max(found.read.value, found.chosen.value) + 0.05
    assert found.escalated.value <= 0.5
    assert found.difference.value == pytest.approx(found.policy.value - found.chosen.value)
    assert found.difference.low > 0


def test_without_logprobs_it_goes_by_what_is_known() -> None:
    rows = [
        Recorded(
            closed=Said(one.closed.answer),
            read=Said(one.read.answer),
            hops=one.hops,
            chosen=one.chosen,
            references=one.references,
        )
        for one in questions(100, 2)
    ]
    assert "surprise" not in fit(rows).signs


def write(folder: Path, trees: Any, gold: Any) -> tuple[Path, Path]:
    places = folder / "trees.json", folder / "gold.json"
    for place, content in zip(places, (trees, gold), strict=True):
        place.write_text(json.dumps(content))
    return places


ROOT = {
    "question_text": "Where was X born?",
    "cb_answer": ["Turku", -0.1],
    "ob_answer": ["Visby", -0.2],
    "answer": ["Visby", -0.2],
}


def test_a_tree_without_hops_counts_its_open_answer_as_theirs(tmp_path: Path) -> None:
    gold = [{"question": "where was X  born", "answer": "Visby"}]
    [one] = read_recorded(*write(tmp_path, [[ROOT]], gold))
    assert one.hops == one.read == Said("Visby", -0.2) and one.references == ("Visby",)


@pytest.mark.parametrize(
    ("trees", "gold"),
    [([[{}]], []), ([[ROOT]], []), ({"a": 1}, []), ([[]], []), ([[ROOT]], [{"question": "x"}])],
)
def test_files_of_another_form_are_one_line(tmp_path: Path, trees: Any, gold: Any) -> None:
    with pytest.raises(BadInput, match="trees"):
        read_recorded(*write(tmp_path, trees, gold))


def test_too_few_questions_to_cross_fit_are_told() -> None:
    with pytest.raises(BadInput, match="10 questions are the fewest"):
        replayed(questions(9, 3))


@pytest.mark.skipif(
    not (DATA / "probtree_hotpot_recorded.json").exists(),
    reason=f"{VARIABLE} names no folder of data",
)
def test_recorded_two_hop_questions_need_half_of_the_procedure_and_lose_a_point_at_most() -> None:
    found = replayed(
        read_recorded(DATA / "probtree_hotpot_recorded.json", DATA / "hotpot_dev_gold.json")
    )
    assert found.difference.value >= -0.01 and found.escalated.value <= 0.5
    assert found.oracle.value > found.policy.value > found.closed.value
