"""Comparisons on recorded samples: what was recorded is what is told."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from tts.engine import SessionOptions, parse_budget, parse_strategy
from tts.errors import BudgetTooSmall, UsageError
from tts.eval.attempts import Attempt
from tts.eval.comparison import Comparison
from tts.eval.run_comparison import run_comparison
from tts.eval.spec import ComparisonSpec
from tts.values import Budget


def row(index: int, **fields: Any) -> dict[str, Any]:
    told = {"problem_id": "p", "model": "m", "sample_index": index, "problem": "What is 2 + 2?"}
    return {**told, "reference": "4", **fields}


def written(folder: Path, rows: Sequence[dict[str, Any]], name: str = "rows.jsonl") -> str:
    path = folder / name
    path.write_bytes(b"\n".join(map(msgspec.json.encode, rows)))
    return f"replay:{path}"


class Told:
    """What a comparison on recorded samples said."""

    def __init__(self, attempts: Sequence[Attempt], warnings: Sequence[str]) -> None:
        self.attempts, self.warnings = list(attempts), " ".join(warnings)
        self.grades = [one.grade.correct for one in attempts]
        self.reasons = [one.grade.reason for one in attempts]

    @property
    def accuracy(self) -> float:
        """Mean over problems of the share of right answers among the graded runs."""
        by_problem: dict[str, list[bool]] = {}
        for one in self.attempts:
            if one.grade.correct is not None:
                by_problem.setdefault(one.problem_id, []).append(one.grade.correct)
        return fmean(fmean(grades) for grades in by_problem.values())


async def told(
    folder: Path,
    source: str,
    strategy: str = "single",
    *,
    problems: str = "",
    budget: str = "",
    repeats: int = 1,
    verifier: str = "auto",
    **sampling: Any,
) -> Told:
    seen: list[Comparison] = []
    spec = ComparisonSpec(
        title="recorded",
        problems=problems or source,
        strategies=(parse_strategy(strategy),),
        budgets=(parse_budget(budget) if budget else Budget(),),
        options=SessionOptions(model=source, verifier=verifier, sampling=sampling),
        repeats=repeats,
    )
    report = await run_comparison(spec, ledger=folder / f"{uuid4().hex}.db", watch=seen.append)
    return Told(list(seen[0].in_order()), report.warnings)


# Recorded answers and verdicts


@pytest.mark.parametrize(
    ("fields", "correct", "reason"),
    [
        ({"completion": None, "answer": None, "correct": True}, True, "recorded"),
        ({"completion": None, "answer": None, "correct": False}, False, "recorded"),
        ({"completion": "It is four, as anybody sees", "correct": True}, True, "recorded"),
        ({"completion": "It is four", "answer": "4"}, True, "same"),
        ({"completion": "It is four", "answer": "B", "reference": "B"}, True, "same"),
        ({"completion": None, "answer": "5", "correct": False}, False, "recorded"),
        ({"completion": "So \\boxed{4}"}, True, "same"),
        ({"completion": "So \\boxed{4}", "reference": None}, None, "no_reference"),
        ({"completion": None, "answer": None, "correct": None}, None, "failed"),
        ({"completion": "", "answer": None, "correct": None}, None, "failed"),
        ({}, None, "failed"),
    ],
)
async def test_what_a_row_records_is_its_grade(
    tmp_path: Path, fields: dict[str, Any], correct: bool | None, reason: str
) -> None:
    found = await told(tmp_path, written(tmp_path, [row(0, **fields)]))
    assert (found.grades, found.reasons) == ([correct], [reason])


async def test_a_draw_without_a_verdict_is_not_wrong_where_others_have_one(tmp_path: Path) -> None:
    rows = [
        row(0, completion="So \\boxed{9}", answer="9", correct=None),
        row(1, completion="So \\boxed{4}", answer="4", correct=True),
    ]
    found = await told(tmp_path, written(tmp_path, rows), repeats=2)
    assert found.grades == [None, True]
    assert "1 of 2 recorded draws have no verdict" in found.warnings


async def test_a_vote_over_unknown_answers_is_not_graded(tmp_path: Path) -> None:
    source = written(tmp_path, [row(place, correct=place < 3) for place in range(4)])
    found = await told(tmp_path, source, "majority_vote(n=4)")
    assert (found.grades, found.reasons) == ([None], ["not_recorded"])
    assert "neither text nor answer" in found.warnings


async def test_an_answer_that_the_recorder_did_not_find_does_not_vote(tmp_path: Path) -> None:
    cut = {"completion": "so the answer is 5? Or maybe", "answer": None, "correct": False}
    rows = [row(0, **cut), row(1, **cut), row(2, answer="4", completion="four", correct=True)]
    found = await told(tmp_path, written(tmp_path, rows), "majority_vote(n=3)")
    assert (found.attempts[0].answer, found.grades) == ("4", [True])


async def test_a_text_that_was_recorded_as_cut_does_not_vote(tmp_path: Path) -> None:
    cut = {"completion": "perhaps \\boxed{5} or", "finish_reason": "length"}
    rows = [row(0, **cut), row(1, **cut), row(2, completion="so \\boxed{4}")]
    found = await told(tmp_path, written(tmp_path, rows), "majority_vote(n=3)")
    assert found.attempts[0].answer == "4"


async def test_scores_choose_among_draws_of_unknown_answer(tmp_path: Path) -> None:
    rows = [row(place, correct=place == 1, score=float(place == 1)) for place in range(3)]
    found = await told(tmp_path, written(tmp_path, rows), "best_of_n(n=3)")
    assert found.grades == [True]


async def test_another_reference_than_the_recorded_one_is_compared_with(tmp_path: Path) -> None:
    source = written(tmp_path, [row(0, answer="5", correct=False)])
    own = tmp_path / "own.jsonl"
    own.write_text('{"id": "mine", "problem": "What is 2 + 2?", "answer": "5"}')
    found = await told(tmp_path, source, problems=str(own))
    assert (found.grades, found.reasons) == ([True], ["same"])


# Which rows answer


@pytest.fixture
def letters(tmp_path: Path) -> str:
    """One question whose options stand in another order for each of two models."""
    orders = {"a": ("A: 4, B: 5", "A"), "b": ("A: 5, B: 4", "B")}
    rows = [
        row(0, model=model, problem=f"2 + 2? {options}", reference=letter, answer=letter)
        for model, (options, letter) in orders.items()
    ]
    return written(tmp_path, rows)


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("model", ["a", "b"])
async def test_problems_are_those_of_the_model_that_answers(
    tmp_path: Path, letters: str, model: str, named: bool
) -> None:
    source = f"{letters}#{model}"
    found = await told(tmp_path, source, problems=source if named else letters)
    assert found.grades == [True]


async def test_problems_of_equal_text_keep_their_own_samples(tmp_path: Path) -> None:
    rows = [
        row(0, problem_id=name, answer=answer, reference=answer)
        for name, answer in (("first", "1"), ("second", "2"))
    ]
    found = await told(tmp_path, written(tmp_path, rows))
    assert [one.answer for one in found.attempts] == ["1", "2"]


@pytest.mark.parametrize("strategy", ["single", "single(temperature=1.0)", "best_of_n(n=1)"])
@pytest.mark.parametrize("right", [(0,), (3,), (0, 1, 4)])
async def test_single_draws_over_as_many_repeats_have_the_exact_mean(
    tmp_path: Path, right: tuple[int, ...], strategy: str
) -> None:
    rows = [
        row(place, problem_id=name, problem=name, correct=place in right, score=0.5)
        for name in ("p", "q")
        for place in range(5)
    ]
    found = await told(tmp_path, written(tmp_path, rows), strategy, repeats=5)
    assert found.accuracy == pytest.approx(len(right) / 5)


async def test_draws_that_were_not_recorded_are_missing_and_told(tmp_path: Path) -> None:
    rows = [row(place, answer="4", correct=True) for place in range(4)]
    found = await told(tmp_path, written(tmp_path, rows), "majority_vote(n=64)")
    assert "up to 64 draws are asked for and 4 were recorded" in found.warnings
    assert "60 in all" in found.warnings


async def test_draws_that_were_not_recorded_are_missing_for_one_reason(tmp_path: Path) -> None:
    rows = [
        row(place, problem_id=name, problem=name, answer="4", correct=True)
        for name in ("p", "q")
        for place in range(3)
    ]
    found = await told(tmp_path, written(tmp_path, rows), "majority_vote(n=6)")
    [reasons] = {tuple(one.missing) for one in found.attempts}
    assert reasons == ("BadRequest: More draws of the problem were asked for than the 3 recorded.",)


# Budgets


async def test_a_cap_holds_whatever_was_recorded(tmp_path: Path) -> None:
    rows = [
        row(place, answer="4", correct=True, prompt_tokens=20, completion_tokens=200_000)
        for place in range(3)
    ]
    source = written(tmp_path, rows)
    with pytest.raises(BudgetTooSmall, match="Give at least 200020 tokens"):
        await told(tmp_path, source, budget="2k tokens")
    found = await told(tmp_path, source, budget="2k tokens", max_tokens=1000)
    assert found.attempts[0].attributed.tokens <= 2000
    assert found.grades == [False]
    found = await told(tmp_path, source, "majority_vote(n=3)", budget="500k tokens")
    assert found.attempts[0].attributed.tokens == 2 * 200_020
    assert (found.attempts[0].stopped_by, found.grades) == ("budget", [True])


async def test_known_lengths_need_no_more_than_they_are(tmp_path: Path) -> None:
    rows = [
        row(place, answer="4", correct=True, prompt_tokens=20, completion_tokens=100)
        for place in range(5)
    ]
    source = written(tmp_path, rows)
    found = await told(tmp_path, source, "majority_vote(n=5)", budget="600 tokens")
    assert (found.attempts[0].stopped_by, found.attempts[0].attributed.tokens) == ("done", 600)


async def test_a_draw_longer_than_asked_for_is_cut_with_its_answer(tmp_path: Path) -> None:
    long = {"answer": "5", "completion": "x" * 900 + "\\boxed{5}", "completion_tokens": 300}
    rows = [
        row(0, **long),
        row(1, **long),
        row(2, answer="4", completion="\\boxed{4}", completion_tokens=9),
    ]
    found = await told(tmp_path, written(tmp_path, rows), "majority_vote(n=3)", max_tokens=100)
    assert found.attempts[0].answer == "4"
    assert found.attempts[0].attributed.completion_tokens == 100 + 100 + 9


# Scores


@pytest.mark.parametrize("wide", [1.0, 1e6])
async def test_recorded_scores_keep_their_order(tmp_path: Path, wide: float) -> None:
    rows = [
        row(place, answer=str(place), correct=place == 4, score=wide * (100 + place % 5))
        for place in range(6)
    ]
    found = await told(tmp_path, written(tmp_path, rows), "best_of_n(n=6)")
    assert found.attempts[0].answer == "4"


async def test_missing_scores_that_were_asked_for_are_told_with_their_file(tmp_path: Path) -> None:
    source = written(tmp_path, [row(0, answer="4")])
    with pytest.raises(UsageError, match=r"rows.jsonl records no scores .* majority_vote"):
        await told(tmp_path, source, "best_of_n(n=1)", verifier="recorded:scores")


async def test_missing_scores_are_told_before_anything_runs(tmp_path: Path) -> None:
    source = written(tmp_path, [row(0, answer="4")])
    with pytest.raises(UsageError, match=r"best_of_n: .* records no scores .* Nothing was sent"):
        await told(tmp_path, source, "best_of_n(n=1)")


# Real recordings


async def test_the_reference_figures_are_met_by_runs(tmp_path: Path, real_data: Path) -> None:
    source = f"replay:{real_data}/samples/qwen_math100_rm8.jsonl.gz"
    assert (await told(tmp_path, source, repeats=8)).accuracy == pytest.approx(0.910)
    assert (await told(tmp_path, source, "best_of_n(n=8)")).accuracy == pytest.approx(0.940)
    vote = (await told(tmp_path, source, "majority_vote(n=8)")).accuracy
    assert 0.92 <= vote <= 0.93


@pytest.mark.parametrize(
    ("model", "right", "graded"),
    [
        ("anthropic/claude-haiku-4-5-20251001", 129, 360),
        ("google/gemini-3.1-pro-preview", 337, 337),
        ("openai/gpt-5-mini-2025-08-07|medium", 282, 360),
        ("anthropic/claude-sonnet-4-6|32000", 308, 357),
    ],
)
async def test_every_recorded_verdict_is_a_grade(
    tmp_path: Path, real_data: Path, model: str, right: int, graded: int
) -> None:
    source = f"replay:{real_data}/samples/otis_mock_aime_with_tokens.jsonl.gz"
    found = await told(tmp_path, f"{source}#{model}", problems=source, repeats=8)
    assert (found.grades.count(True), 360 - found.grades.count(None)) == (right, graded)


async def test_what_is_too_small_for_the_longest_draw_is_told_before_any(tmp_path: Path) -> None:
    rows = [
        row(0, problem_id=name, problem=text, answer="4", prompt_tokens=9, completion_tokens=size)
        for name, text, size in (("p", "a long question?", 10), ("q", "short?", 5000))
    ]
    with pytest.raises(BudgetTooSmall, match="Give at least 5009 tokens"):
        await told(tmp_path, written(tmp_path, rows), budget="1k tokens")


async def test_a_step_wise_search_is_told_that_draws_are_whole(tmp_path: Path) -> None:
    source = written(tmp_path, [row(0, answer="4", score=0.5)])
    found = await told(tmp_path, source, "beam_search(n=1, branching=1)")
    assert "recorded draws are whole" in found.warnings
