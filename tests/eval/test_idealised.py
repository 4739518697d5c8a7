"""Seconds and joules of runs, by the fits of the models that their roles call."""

from __future__ import annotations

import pytest

from tts.budget.idealised_runtime import IdealisedRuntime
from tts.eval.idealised import fit_name, idealised
from tts.eval.tune.fit import fitted_retrieving
from tts.protocols import Role
from tts.values import NOTHING, Document, Usage

POLICY = IdealisedRuntime(token_seconds=0.02, prompt_seconds={100: 0.5}, watts=300.0)
READER = IdealisedRuntime(token_seconds=0.0, prompt_seconds={100: 0.25}, watts=100.0)
FITS = {"policy": POLICY, "prm": READER}
DRAWN = Usage(calls=2, prompt_tokens=200, completion_tokens=52)
READ = Usage(calls=4, prompt_tokens=800)


def run(**spend: Usage) -> tuple[Usage, dict[Role, Usage]]:
    return sum(spend.values(), NOTHING), spend  # type: ignore[return-value]


def test_each_role_takes_the_time_of_its_model() -> None:
    found = idealised(FITS, ["policy"], "prm")
    seconds = 2 * 0.5 + 50 * 0.02, 4 * 0.5
    assert found.seconds(*run(sample=DRAWN, verify=READ)) == pytest.approx(sum(seconds))
    joules = 300 * seconds[0] + 100 * seconds[1]
    assert found.joules(*run(sample=DRAWN, verify=READ)) == pytest.approx(joules)


def test_a_model_without_a_fit_makes_what_it_worked_for_unknown() -> None:
    found = idealised({"policy": POLICY}, ["policy"], "prm")
    assert found.seconds(*run(sample=DRAWN, verify=READ)) is None
    assert found.seconds(*run(sample=DRAWN)) == pytest.approx(2.0)


def test_calls_that_ask_no_model_take_none_of_its_time() -> None:
    found = idealised(FITS, ["policy"], None)
    assert found.seconds(*run(sample=DRAWN, tool=Usage(calls=3))) == pytest.approx(2.0)


def test_a_role_that_models_of_different_fits_share_is_unknown() -> None:
    assert set(idealised(FITS, ["policy"], "prm").runtimes) == {"sample", "plan", "probe", "verify"}
    assert "judge" in idealised(FITS, ["policy"], "policy").runtimes
    assert "sample" not in idealised(FITS, ["policy", "prm"], None).runtimes


def test_a_run_whose_spend_by_role_was_not_recorded_is_unknown() -> None:
    assert idealised(FITS, ["policy"], "prm").seconds(DRAWN, {}) is None


def test_retrievals_take_the_time_that_was_measured_of_this_corpus_and_are_unknown_without_it() -> (
    None
):
    own = IdealisedRuntime(token_seconds=0.0, prompt_seconds={}, call_seconds=0.25)
    fits = {**FITS, fit_name({"corpus": 1}): own}
    looked_up = Usage(calls=3, retrievals=3)
    known, other = (idealised(fits, ["policy"], None, {"corpus": one}) for one in (1, 2))
    assert known.seconds(*run(sample=DRAWN, retrieve=looked_up)) == pytest.approx(2.0 + 0.75)
    assert other.seconds(*run(sample=DRAWN, retrieve=looked_up)) is None


async def test_a_retriever_is_timed_by_the_median_of_its_calls() -> None:
    ticks = iter(range(0, 1000, 3))

    class Shelf:
        name, identity, cost = "shelf", 1, 0.0

        async def retrieve(self, query: str, k: int) -> list[Document]:
            next(ticks)
            return []

    found = await fitted_retrieving(Shelf(), clock=lambda: float(next(ticks)))
    assert found.call_seconds == 6 and found.seconds_of(Usage(calls=2, retrievals=2)) == 12
