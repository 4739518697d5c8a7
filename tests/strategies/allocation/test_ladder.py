"""Climbing a ladder: accepting, escalating, giving up, and saying why."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tts.backends.scripted import ScriptedGenerator, ScriptedScorer
from tts.engine.registry import build_strategy
from tts.errors import UsageError
from tts.strategies import Auto, UntilAccepted
from tts.strategies.allocation.climb import climb, ending
from tts.strategies.allocation.ladder import Ladder, Rung, default_ladder
from tts.strategies.parts.stopping import Seen
from tts.values import Budget, Model


def model(name: str, *scores: float) -> ScriptedGenerator:
    """Its i-th draw is worth the i-th score, cyclically; so is its greedy one, the first."""

    def say(_: Any, __: str, index: int) -> str:
        worth = scores[index % len(scores)]
        return f"{worth}\n\n\\boxed{{{round(100 * worth)}}}"

    return ScriptedGenerator(say, model=Model(name=name, parameters=0))


def solved(forest: Any, strategy: Any, *scores: float, **how: Any) -> Any:
    """`scores` are those of the default model."""
    scorer = ScriptedScorer(lambda _, steps, __: float(steps[0]))
    return forest.grow(
        strategy, policy=model("first", *scores), scorer=scorer, max_tokens=24, **how
    )


def test_the_greedy_answer_is_taken_where_it_scores_enough(forest: Any) -> None:
    result = solved(forest, Auto(), 0.95, 0.1)
    assert (result.answer, forest.sampled(result)) == ("95", 1)
    assert result.reasons[0].facts == {"rung": 0, "draws": 1, "end": "accepted"}


def test_the_next_model_answers_greedily_before_anything_is_drawn(forest: Any) -> None:
    other = model("second", 0.92)
    result = solved(forest, Auto(), 0.3, 0.99, models={"large": other})
    assert (result.answer, forest.sampled(result)) == ("92", 2)
    assert [one.sampling.temperature for one in other.requests] == [0.0]


def test_draws_end_at_the_first_that_scores_enough(forest: Any) -> None:
    result = solved(forest, UntilAccepted(n=8, accept=0.9), 0.3, 0.5, 0.91, 0.99)
    assert (result.answer, forest.sampled(result)) == ("91", 3)


def test_the_best_is_taken_where_none_scores_enough(forest: Any) -> None:
    result = solved(forest, UntilAccepted(n=4, accept=0.99), 0.3, 0.7, 0.5, 0.6)
    assert (result.answer, forest.sampled(result)) == ("70", 4)
    assert result.reasons[-1].facts["end"] == "used up"


def test_a_hopeless_problem_is_given_up(forest: Any) -> None:
    strategy = UntilAccepted(n=16, accept=0.9, abandon=0.2, patience=3)
    result = solved(forest, strategy, 0.05, 0.1, 0.15, 0.95)
    assert (result.answer, forest.sampled(result)) == ("15", 3)
    assert "given up" in result.explanation


def test_draws_of_lower_rungs_count_for_the_patience_of_higher_ones(forest: Any) -> None:
    greedy = Rung(temperature=0.0, accept=0.9)
    draws = Rung(n=9, accept=0.9, abandon=0.5, patience=3)

    async def strategy(problem: Any, run: Any) -> Any:
        return await climb(Ladder(rungs=(greedy, draws)), problem, run, build_strategy)

    result = solved(forest, forest.lab.Told(strategy), 0.1, 0.2, 0.3)
    assert forest.sampled(result) == 3


def test_without_a_verifier_an_answer_is_taken_once_it_leads_surely(lab: Any) -> None:
    async def strategy(problem: Any, run: Any) -> Any:
        ladder = default_ladder(run.models, scored=False)
        return await climb(ladder, problem, run, build_strategy)

    alike = lab.run(lab.solve(strategy, lab.words(lambda *_: "\\boxed{42}")))
    assert (alike.answer, alike.usage.calls) == ("42", 4)
    assert "the vote stands 4 to 0" in alike.explanation


def test_a_rung_may_be_a_strategy_of_its_own_and_its_draws_count(forest: Any) -> None:
    rungs = (
        Rung(temperature=0.0, accept=0.9),
        Rung(strategy="best_of_n", parameters={"n": 4}, accept=0.9),
        Rung(n=8, accept=0.9),
    )

    async def strategy(problem: Any, run: Any) -> Any:
        return await climb(Ladder(rungs=rungs), problem, run, build_strategy)

    result = solved(forest, forest.lab.Told(strategy), 0.1, 0.2, 0.3, 0.4, 0.5, 0.95)
    assert (result.answer, forest.sampled(result)) == ("95", 7)
    assert "Best_of_n(n=4) gave 4 draws" in result.explanation


def test_a_ladder_of_one_rung_and_a_budget_that_ends_it_still_answer(forest: Any) -> None:
    one = UntilAccepted(n=64, accept=0.99)
    result = solved(forest, one, 0.3, 0.5, 0.4, budget=Budget(tokens=200))
    assert result.stopped_by == "budget" and result.usage.tokens <= 200
    assert result.answer == "50"
    assert result.explanation.startswith("A ceiling of the budget ended it with")


def test_a_model_that_the_engine_lacks_is_one_clear_line(forest: Any) -> None:
    with pytest.raises(UsageError, match="asks a model 'huge': give one with --models huge="):
        solved(forest, UntilAccepted(model="huge"), 0.5)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda: Rung(n=3, temperature=0.0), "n is 1 where the temperature is 0"),
        (lambda: Rung(parameters={"n": 3}), "none is named"),
        (lambda: Rung(accept=1.5), "less than or equal to 1"),
        (lambda: Rung(huge=1), "Extra inputs"),  # type: ignore[call-arg]
        (lambda: Ladder(rungs=()), "at least 1 item"),
        (lambda: Ladder(rungs=(Rung(), Rung(bins=(1,)))), "needs a difficulty"),
        (lambda: Ladder(rungs=(Rung(accept=0.5),), signal="agreement"), "above 0.5"),
        (lambda: Ladder(rungs=(Rung(abandon=0.5),), signal="agreement"), "and agreement has none"),
    ],
)
def test_a_ladder_that_cannot_be_says_why(made: Any, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        made()


scores = st.lists(st.one_of(st.none(), st.floats(0, 1)), min_size=1, max_size=16)


@given(scores, st.floats(0.05, 1), st.floats(0, 0.9), st.integers(1, 8))
def test_how_a_rung_ended_is_what_its_rule_says_at_the_first_draw_that_stops_it(
    values: list[float | None], accept: float, abandon: float, patience: int
) -> None:
    rung = Rung(n=16, accept=accept, abandon=abandon, patience=patience)
    seen = Seen(tuple(range(len(values))), tuple(values))
    end = ending(rung, Ladder(rungs=(rung,)), seen, 0)
    stops = [rung.rule("score").stops(seen.first(k)) for k in range(1, len(values) + 1)]
    assert any(stops) == (end != "goes on")
    assert (end == "accepted") == any(v is not None and v >= accept for v in values)
