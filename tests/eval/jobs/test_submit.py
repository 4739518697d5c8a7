"""A recipe becomes a row that any worker can work from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tts.errors import UnknownName, UsageError
from tts.eval.jobs import recipe_in, submission, submit
from tts.eval.jobs.state import state_of
from tts.eval.recipe import Recipe, recipe_of
from tts.ledger import Controls, Orders, Submission
from tts.values import Budget


def recipe(**changes: Any) -> Recipe:
    keys = {"model": "simulated:0.7", "problems": "arithmetic:3", "strategies": ["single"]}
    return recipe_of({**keys, **changes})


@pytest.fixture
def controls(tmp_path: Path) -> Iterator[Controls]:
    opened = Controls.open(tmp_path / "a.db")
    yield opened
    opened.close()


def test_a_submitted_recipe_is_read_as_it_was_given(controls: Controls) -> None:
    given = recipe(sampling={"temperature": 0.5}, budgets=["1k tokens"], seed=3)
    submit(controls, submission(given, job="a"))
    assert recipe_in(controls.named("a")) == given
    assert recipe_in(controls.named("a")).model_fields_set == given.model_fields_set


def test_jobs_stand_in_the_order_in_which_they_were_submitted(controls: Controls) -> None:
    for name in ("z", "a", "m"):
        submit(controls, submission(recipe(), job=name))
    assert [one.job for one in controls.all()] == ["z", "a", "m"]


def test_a_name_that_other_work_has_is_refused_with_what_differs(controls: Controls) -> None:
    submit(controls, submission(recipe(), job="a"))
    with pytest.raises(UsageError, match="other problems"):
        submit(controls, submission(recipe(problems="arithmetic:4"), job="a"))


def test_more_strategies_are_the_same_job_with_more_to_do(controls: Controls) -> None:
    submit(controls, submission(recipe(), job="a"))
    controls.end("a")
    more = recipe(strategies=["single", "majority_vote(n=4)"])
    assert submit(controls, submission(more, job="a")).ended_at is None


def test_orders_survive_a_second_submission_of_the_same_recipe(controls: Controls) -> None:
    submit(controls, submission(recipe(), job="a"))
    controls.order("a", lambda old: msgspec.structs.replace(old, wish="pause", concurrency=3))
    assert submit(controls, submission(recipe(), job="a")).orders == Orders(concurrency=3)


def test_an_order_takes_back_what_the_job_waited_for(controls: Controls) -> None:
    submit(controls, submission(recipe(), job="a"))
    controls.stop("a", "Its wallet ended.")
    told = controls.order("a", lambda old: msgspec.structs.replace(old, wallet=Budget(calls=9)))
    assert (told.fault, told.version, told.orders.wallet) == ("", 1, Budget(calls=9))
    assert controls.named("a") == told


def test_an_order_to_a_job_that_is_not_there_names_those_that_are(controls: Controls) -> None:
    submit(controls, submission(recipe(), job="first"))
    with pytest.raises(UnknownName, match="first"):
        controls.order("second", lambda old: old)


@pytest.mark.parametrize(
    ("changes", "worked_at", "state"),
    [
        ({}, False, "queued"),
        ({}, True, "running"),
        ({"fault": "Mend it."}, False, "waiting"),
        ({"orders": Orders(wish="pause")}, True, "pausing"),
        ({"orders": Orders(wish="pause")}, False, "paused"),
        ({"orders": Orders(wish="cancel")}, False, "cancelled"),
        ({"orders": Orders(wish="pause"), "ended_at": 1.0}, False, "ended"),
    ],
)
def test_the_state_follows_from_wish_workers_and_end(
    changes: dict[str, Any], worked_at: bool, state: str
) -> None:
    found = Submission(job="a", recipe="{}", folder="/", **changes)
    assert state_of(found, worked_at=worked_at) == state
