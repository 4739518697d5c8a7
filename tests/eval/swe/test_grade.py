from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tts.errors import BadInput
from tts.eval.swe.grade import GradedPrediction, Grading, Verdicts
from tts.eval.swe.instance import Instance
from tts.eval.swe.predictions import (
    Prediction,
    read_predictions,
    write_predictions,
)
from tts.eval.swe.reports import (
    compared,
    figures,
    instance_report,
    read_run_reports,
    run_report,
    write_run_report,
)
from tts.eval.swe.select import chosen, program, recovered
from tts.eval.swe.shipped import shipped_instances
from tts.verifiers.repository import Graded, RepositoryGrader, Standing, TestCase, pytest_folders
from tts.verifiers.sandbox import Sandbox, probe

BOOK = shipped_instances()[0]


@pytest.fixture
async def grader() -> AsyncIterator[RepositoryGrader]:
    if not probe("landlock").holds:
        pytest.skip("landlock is not given here")
    packages = pytest_folders()
    opened = RepositoryGrader(
        Sandbox(at="landlock", workers=1, readable=packages), packages=packages
    )
    yield opened
    await opened.close()


def proposed(patch: str | None, model: str = "m", id: str = BOOK.instance_id) -> Prediction:
    return Prediction(instance_id=id, model=model, patch=patch)


def judged(standing: Standing, id: str = "a", **more: object) -> GradedPrediction:
    verdict = Graded(standing=standing, reason="why", isolation="namespaces")
    return GradedPrediction(
        prediction=Prediction(instance_id=id, model="m", patch="p"), verdict=verdict
    )


async def test_recorded_patches_of_an_instance_are_judged_by_their_worth(
    grader: RepositoryGrader, tmp_path: Path
) -> None:
    grading = Grading([BOOK], grader, verdicts=Verdicts(tmp_path / "verdicts.jsonl"))
    told: list[GradedPrediction] = []
    wanted = [proposed(each.patch) for each in BOOK.candidates]
    found = await grading.all(wanted, told.append)
    assert [one.verdict.resolved for one in found] == [
        each.kind == "right" for each in BOOK.candidates
    ]
    assert len(told) == len(found)


async def test_a_verdict_is_found_again_by_the_hash_of_the_patch(
    grader: RepositoryGrader, tmp_path: Path
) -> None:
    path = tmp_path / "verdicts.jsonl"
    first = await Grading([BOOK], grader, verdicts=Verdicts(path)).one(proposed(BOOK.patch))
    path.write_text(path.read_text() + '{"key": "cut by a ki')
    kept = Verdicts(path)
    again = await Grading([BOOK], grader, verdicts=kept).one(proposed(BOOK.patch, model="other"))
    assert again.verdict == first.verdict
    other = await Grading([BOOK], grader, verdicts=kept).one(proposed(BOOK.candidates[1].patch))
    assert not other.verdict.resolved


async def test_what_cannot_be_graded_is_a_verdict_and_no_error(grader: RepositoryGrader) -> None:
    away = Instance(**{**_fields(), "instance_id": "away", "files": {}})
    untested = Instance(**{**_fields(), "instance_id": "untested", "FAIL_TO_PASS": ()})
    grading = Grading([away, untested], grader, verdicts=Verdicts(None))
    found = await grading.all(
        [proposed("x", id="away"), proposed("x", id="untested"), proposed("x", id="unknown")],
        lambda one: None,
    )
    assert [(one.verdict.standing, one.verdict.reason) for one in found] == [
        ("infrastructure", "no clone of slotbook/slotbook below --repos"),
        ("error", "the instance has no tests to judge by"),
        ("error", "no such instance in the set"),
    ]


def _fields() -> dict[str, Any]:
    return {name: getattr(BOOK, name) for name in BOOK.__struct_fields__}


async def test_the_choice_keeps_to_the_own_tests_and_the_majority(grader: RepositoryGrader) -> None:
    right = BOOK.candidates[0].patch
    breaking = BOOK.candidates[2].patch
    candidates = [
        proposed(breaking, "a"),
        proposed(breaking, "b"),
        proposed(right, "c"),
        proposed(BOOK.patch, "d"),
        proposed("", "e"),
        proposed(right, "f"),
    ]
    best = await chosen(BOOK, candidates, grader)
    assert best is not None
    assert (best.patch, best.told["votes"], best.told["kept"]) == (right, 2, 1.0)
    assert await chosen(BOOK, [proposed("")], grader) is None


def test_patches_that_differ_in_form_alone_make_one_program() -> None:
    spaced = BOOK.patch.replace("self.start < other.end", "(self.start  <  other.end)")
    assert program(BOOK.files, BOOK.patch) == program(BOOK.files, spaced)
    assert program(BOOK.files, BOOK.patch) != program(BOOK.files, BOOK.candidates[1].patch)
    assert program(BOOK.files, "no patch") is None


def test_what_a_choice_is_worth_lies_between_random_and_the_oracle() -> None:
    pool = [judged("resolved"), judged("unresolved"), judged("unresolved", "b")]
    worth = recovered(pool, [judged("resolved")])
    assert (worth.random.value, worth.chosen.value, worth.oracle.value) == (0.25, 0.5, 0.5)
    assert worth.recovered == 1.0


@pytest.mark.parametrize("form", ["jsonl", "list", "by id"])
def test_predictions_are_read_in_every_form(form: str, tmp_path: Path) -> None:
    row = {"instance_id": "a", "model_name_or_path": "m", "model_patch": "p", "more": 1}
    path = tmp_path / ("preds.json" if form != "jsonl" else "all_preds.jsonl")
    text = {
        "jsonl": json.dumps(row) + "\n\n",
        "list": json.dumps([row]),
        "by id": json.dumps({"a": {"model_name_or_path": "m", "model_patch": "p"}}),
    }
    path.write_text(text[form])
    assert read_predictions(path) == [Prediction(instance_id="a", model="m", patch="p")]


def test_predictions_are_written_with_one_line_end_each(tmp_path: Path) -> None:
    found = [proposed("p"), Prediction(instance_id="b", model="m", patch=None, told={"n": 2})]
    write_predictions(tmp_path / "a.jsonl", found)
    text = (tmp_path / "a.jsonl").read_text()
    assert text.count("\n") == 2 and "\n\n" not in text
    assert read_predictions(tmp_path / "a.jsonl")[1].told == {"n": 2}


@pytest.mark.parametrize(
    "text, why",
    [
        ('{"a": 1', "not JSON"),
        ("[]", "no prediction in it"),
        ('[{"model_patch": "p"}]', "row 1: no 'instance_id'"),
        ('{"a": {"model_patch": 1}}', "'a': 'model_patch' is a text"),
        ("3", "a list or an object by id"),
    ],
)
def test_a_file_that_holds_no_predictions_is_named(text: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "preds.json").write_text(text)
    with pytest.raises(BadInput, match=why):
        read_predictions(tmp_path / "preds.json")


def test_a_run_report_counts_every_class_and_never_changes_the_denominator() -> None:
    graded = [
        judged("resolved", "a"),
        judged("unresolved", "b"),
        judged("infrastructure", "c"),
        judged("empty", "d"),
    ]
    report = run_report(graded, ["a", "b", "c", "d", "e"])
    assert report["total_instances"] == 5
    assert report["resolved_ids"] == ["a"]
    assert report["completed_ids"] == ["a", "b"]
    assert report["infra_failure_ids"] == ["c"]
    assert report["empty_patch_instances"] == 1
    assert report["incomplete_ids"] == ["e"]
    assert report["failure_reasons"] == {"c": "why"}
    assert report["schema_version"] == 2
    assert report["tts"]["resolved"]["value"] == 0.2


def test_an_instance_report_has_the_fields_of_swe_bench() -> None:
    tests = (
        TestCase("t::a", "fail_to_pass", True, "passed"),
        TestCase("t::b", "pass_to_pass", False, "failed"),
    )
    verdict = Graded(standing="unresolved", tests=tests)
    told = instance_report(GradedPrediction(prediction=proposed("p"), verdict=verdict))
    report = told[BOOK.instance_id]
    assert report["patch_successfully_applied"] and not report["resolved"]
    assert report["tests_status"]["FAIL_TO_PASS"] == {"success": ["t::a"], "failure": []}
    assert report["tests_status"]["PASS_TO_PASS"] == {"success": [], "failure": ["t::b"]}


def test_figures_have_intervals_and_an_unknown_cost_is_unknown() -> None:
    priced = Prediction(instance_id="a", model="m", patch="p", told={"cost": {"dollars": 0.5}})
    verdict = Graded(standing="resolved", isolation="namespaces")
    known = [GradedPrediction(prediction=priced, verdict=verdict)]
    assert figures("m", known, ["a"]).dollars == 0.5
    found = figures("m", [*known, judged("unresolved", "b")], ["a", "b"])
    assert found.dollars is None
    assert found.resolved.low < 0.5 < found.resolved.high


def test_two_models_are_compared_on_what_both_were_judged_on(tmp_path: Path) -> None:
    first = [judged("resolved", "a"), judged("resolved", "b"), judged("infrastructure", "c")]
    second = [judged("resolved", "a"), judged("unresolved", "b"), judged("resolved", "c")]
    difference = compared(second, first)
    assert difference is not None
    assert (difference.n, difference.losses, difference.estimate.value) == (2, 1, -0.5)
    write_run_report(tmp_path, "run", first, ["a", "b", "c"])
    [saved] = read_run_reports(tmp_path)
    assert saved.shares == {"a": 1.0, "b": 1.0}
