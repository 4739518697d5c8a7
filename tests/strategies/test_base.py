"""A strategy's parameters are its fields: by keyword, with defaults, fixed once it is built."""

from __future__ import annotations

import inspect
from dataclasses import FrozenInstanceError, fields
from typing import Any

import pytest

from tts.engine.registry import STRATEGIES
from tts.engine.spelling import spell_strategy
from tts.run import Run
from tts.strategies import ABMCTSM, DORA, BestOfN, BudgetForcing, LookaheadSearch, MajorityVote
from tts.strategies.base import StrategyBase
from tts.strategies.parts.select import Select, most_voted
from tts.values import Budget, Candidate, Problem

CLASSES = [STRATEGIES.find(name) for name in STRATEGIES.names()]


@pytest.mark.parametrize("made", CLASSES)
def test_every_strategy_says_its_name_and_takes_its_fields_by_keyword(made: Any) -> None:
    assert StrategyBase in made.__mro__ and made.name in STRATEGIES.names()
    signature = inspect.signature(made).parameters
    assert list(signature) == [field.name for field in fields(made)]
    assert [name for name in signature if name != "build"] == list(made().parameters)
    assert {one.kind for one in signature.values()} == {inspect.Parameter.KEYWORD_ONLY}
    assert inspect.Parameter.empty not in {one.default for one in signature.values()}


@pytest.mark.parametrize("made", CLASSES)
def test_a_strategy_is_not_changed_once_it_is_built(made: Any) -> None:
    strategy = made()
    first = next(iter(strategy.parameters))
    with pytest.raises(FrozenInstanceError):
        setattr(strategy, first, 3)


def test_a_method_inherits_the_parameters_of_the_one_that_it_varies() -> None:
    strategy = LookaheadSearch(n=8, lookahead=2)
    assert strategy.parameters["branching"] == 4
    assert strategy.parameters["lookahead"] == 2
    assert DORA().parameters["temperature"] == 0.1


def test_a_parameter_of_another_method_is_refused() -> None:
    with pytest.raises(TypeError, match="belief"):
        ABMCTSM(belief="beta")  # type: ignore[call-arg]


def test_whether_the_dry_run_is_a_bound_follows_from_the_parameters() -> None:
    assert BestOfN().bounded and not BestOfN(stop="gain").bounded
    assert MajorityVote().bounded and not StrategyBase.bounded


def test_no_mark_of_ended_thoughts_may_be_written_as_nothing() -> None:
    assert BudgetForcing(thinking_end=None).parameters["thinking_end"] == ""  # type: ignore[arg-type]


def test_what_cannot_be_is_refused_when_the_strategy_is_built() -> None:
    with pytest.raises(ValueError, match="n is a whole number of at least 1"):
        MajorityVote(n=0)
    with pytest.raises(ValueError, match="select is one of best, majority, weighted"):
        LookaheadSearch(select="worst")  # type: ignore[arg-type]


class Twice(StrategyBase):
    name = "twice"
    n: int = 2

    def selection(self) -> Select:
        return most_voted

    async def solve(self, problem: Problem, run: Run) -> Candidate | None:
        drafts = await run.all(run.sample(problem, n=self.n))
        return drafts[-1]


def test_a_strategy_of_ones_own_needs_fields_a_selection_and_solve(lab: Any) -> None:
    result = lab.run(lab.solve(Twice(n=3)))
    assert (result.answer, len(result.candidates)) == ("42", 3)
    assert spell_strategy(Twice(n=3)) == "twice(n=3)"


def test_finish_follows_from_the_selection(lab: Any) -> None:
    result = lab.run(lab.solve(Twice(n=64), budget=Budget(calls=4)))
    assert (result.answer, result.stopped_by) == ("42", "budget")
