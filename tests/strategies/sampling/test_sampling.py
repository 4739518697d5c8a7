"""The sampling strategies: what votes, what is chosen, how they stop."""

from __future__ import annotations

from typing import Any

import pytest

from tts.errors import BadRequest
from tts.executor.limits import RetryPolicy
from tts.strategies import BestOfN, MajorityVote, Single, WeightedBestOfN
from tts.values import Budget

ALL = [Single(), MajorityVote(n=3), BestOfN(n=3), WeightedBestOfN(n=3)]
NAMES = [strategy.name for strategy in ALL]


def scored(**by_text: float) -> Any:
    return lambda _, steps, place: by_text[steps[-1].split()[0]]


def test_single_is_one_greedy_draw(lab: Any) -> None:
    model = lab.words(["\\boxed{5}"])
    result = lab.run(lab.solve(Single(), model))
    assert (result.answer, result.usage.calls) == ("5", 1)
    assert model.requests[0].sampling.temperature == 0


def test_the_majority_wins_and_equal_answers_worded_apart_vote_together(lab: Any) -> None:
    lines = ["\\boxed{0.5}", "\\boxed{7}", "\\boxed{\\frac{1}{2}}", "\\boxed{7.0}", "\\boxed{1/2}"]
    assert lab.run(lab.solve(MajorityVote(n=5), lab.words(lines))).answer == "0.5"


def test_of_a_tie_the_answer_that_appeared_first_wins_whatever_finished_first(lab: Any) -> None:
    lines = ["\\boxed{1}", "\\boxed{2}", "\\boxed{2}", "\\boxed{1}"]
    answers = {
        lab.run(lab.solve(MajorityVote(n=4), lab.Slow(lab.words(lines), shuffle=i))).answer
        for i in range(6)
    }
    assert answers == {"1"}


@pytest.mark.parametrize("strategy", ALL[1:], ids=NAMES[1:])
def test_truncated_drafts_never_vote(lab: Any, strategy: Any) -> None:
    cut = "\\boxed{9} " + "so " * 30
    result = lab.run(lab.solve(strategy, lab.words([cut, cut, "\\boxed{1}"])))
    assert result.answer == "1"


@pytest.mark.parametrize("strategy", ALL, ids=NAMES)
def test_only_truncated_drafts_give_no_answer_and_no_error(lab: Any, strategy: Any) -> None:
    result = lab.run(lab.solve(strategy, lab.words(lambda *_: "so " * 30)))
    assert (result.answer, result.stopped_by, result.error) == (None, "done", None)


def test_best_of_n_takes_the_highest_score_and_weighted_the_greatest_sum(lab: Any) -> None:
    lines = ["a \\boxed{1}", "b \\boxed{2}", "c \\boxed{2}"]
    how = {"scores": scored(a=0.8, b=0.5, c=0.6)}
    best = lab.run(lab.solve(BestOfN(n=3), lab.words(lines), **how))
    weighted = lab.run(lab.solve(WeightedBestOfN(n=3), lab.words(lines), **how))
    assert (best.answer, weighted.answer) == ("1", "2")
    assert [kept.score.value for kept in best.candidates] == [0.8, 0.5, 0.6]


@pytest.mark.parametrize("strategy", ALL, ids=NAMES)
def test_when_every_call_fails_the_run_failed_and_did_not_answer_wrongly(
    lab: Any, strategy: Any
) -> None:
    result = lab.run(lab.solve(strategy, lab.words(lambda *_: BadRequest("refused"))))
    assert (result.answer, result.stopped_by) == (None, "failed")
    assert "BadRequest: refused" in str(result.error)


@pytest.mark.parametrize("strategy", ALL[2:], ids=NAMES[2:])
def test_when_every_score_fails_the_answers_vote_and_the_run_says_so(
    lab: Any, strategy: Any
) -> None:
    def broken(*_: Any) -> float:
        raise BadRequest("verifier down")

    result = lab.run(lab.solve(strategy, scores=broken))
    assert (result.answer, result.stopped_by) == ("42", "incomplete")
    assert any("verifier down" in reason for reason in result.missing)


@pytest.mark.parametrize("strategy", ALL[1:], ids=NAMES[1:])
def test_a_failed_draft_costs_its_vote_and_nothing_else(lab: Any, strategy: Any) -> None:
    lines = [BadRequest("odd"), "\\boxed{3}", "\\boxed{3}"]
    result = lab.run(lab.solve(strategy, lab.words(lines), retry=RetryPolicy(retries=0)))
    assert (result.answer, result.stopped_by, len(result.candidates)) == ("3", "incomplete", 2)
    assert result.missing == {"BadRequest: odd": 1}


@pytest.mark.parametrize("strategy", [MajorityVote(n=64), BestOfN(n=64), WeightedBestOfN(n=64)])
def test_the_budgets_end_gives_the_best_so_far(lab: Any, strategy: Any) -> None:
    budget = Budget(tokens=300)
    result = lab.run(
        lab.solve(strategy, lab.Slow(lab.words(lambda *_: "\\boxed{6}")), budget=budget)
    )
    assert (result.answer, result.stopped_by) == ("6", "budget")
    assert 1 < len(result.candidates) < 64 and budget.allows(result.usage)


def test_best_of_n_scores_each_draft_as_it_ends_and_not_after_the_last(lab: Any) -> None:
    order: list[str] = []

    class Uneven(type(lab.Slow(None))):  # type: ignore[misc]
        async def generate(self, request: Any, meter: Any, listener: Any = None) -> Any:
            self.fixed = 1.0 + 10 * request.indices[0]
            reply = await super().generate(request, meter, listener)
            order.append(f"draft {request.indices[0]}")
            return reply

    def note(_: Any, steps: Any, place: int) -> float:
        order.append(f"score {steps[-1][0]}")
        return 0.5

    model = Uneven(lab.words([f"{i} \\boxed{{1}}" for i in range(3)]))
    lab.run(lab.solve(BestOfN(n=3), model, scores=note))
    assert order == ["draft 0", "score 0", "draft 1", "score 1", "draft 2", "score 2"]


@pytest.mark.parametrize("kind", [MajorityVote, BestOfN, WeightedBestOfN])
def test_zero_draws_are_refused(kind: Any) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        kind(n=0)
