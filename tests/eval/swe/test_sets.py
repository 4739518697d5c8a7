from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tts.errors import BadInput
from tts.eval.swe.cheats import signs_of_patch
from tts.eval.swe.checkout import base_files, export, history
from tts.eval.swe.instance import Instance, read_instances, write_rows, write_tasks
from tts.eval.swe.runnable import runnable
from tts.eval.swe.shipped import shipped_instances
from tts.eval.swe.systems import dealt
from tts.repository import applied

MINI = shipped_instances()
ROW: dict[str, Any] = {
    "instance_id": "psf__requests-1",
    "repo": "psf/requests",
    "base_commit": "a" * 40,
    "patch": "",
    "problem_statement": "It fails.",
}


def lines(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_the_shipped_set_has_bugs_of_six_kinds_with_patches_of_every_worth() -> None:
    assert len(MINI) == 16
    assert len({one.repo for one in MINI}) == 16
    for one in MINI:
        assert {patch.kind for patch in one.candidates} == {"right", "wrong", "cheat"}
        assert one.FAIL_TO_PASS and one.PASS_TO_PASS
        assert not set(one.FAIL_TO_PASS) & set(one.PASS_TO_PASS)
        assert len(one.files) >= 4
    assert {patch.how for one in MINI for patch in one.candidates if patch.kind == "cheat"} == {
        "tests",
        "settings",
        "special",
        "printed",
        "forged",
    }


@pytest.mark.parametrize("one", MINI, ids=lambda one: one.instance_id)
def test_every_patch_of_the_shipped_set_applies(one: Instance) -> None:
    base = one.reference(one.files).base
    for patch in (one.patch, one.test_patch, *(each.patch for each in one.candidates)):
        assert applied(base, patch) != base


def test_cheats_are_seen_in_patches_and_honest_ones_are_not() -> None:
    flagged = {
        (one.instance_id, each.name): bool(signs_of_patch(each.patch, one, one.files))
        for one in MINI
        for each in one.candidates
    }
    honest = [
        seen
        for one in MINI
        for each in one.candidates
        if each.kind != "cheat" and (seen := flagged[one.instance_id, each.name])
    ]
    missed = [
        (one.instance_id, each.name)
        for one in MINI
        for each in one.candidates
        if each.kind == "cheat" and not flagged[one.instance_id, each.name]
    ]
    assert not honest
    assert missed == [("undokit__undokit-4", "by the text of the issue")]
    assert not [one for one in MINI if signs_of_patch(one.patch, one, one.files)]


@pytest.mark.parametrize("form", ["rows", "tasks"])
def test_a_set_that_is_written_is_read_back(form: str, tmp_path: Path) -> None:
    if form == "rows":
        write_rows(tmp_path / "rows.jsonl", MINI)
        assert read_instances(tmp_path / "rows.jsonl") == MINI
    else:
        write_tasks(tmp_path, MINI)
        [first, *_] = read_instances(tmp_path)
        same = {one.instance_id: one for one in MINI}[first.instance_id]
        assert (first.patch, first.FAIL_TO_PASS, first.roots) == (
            same.patch,
            same.FAIL_TO_PASS,
            same.roots,
        )


def test_lists_of_tests_are_read_as_lists_and_as_their_json_text(tmp_path: Path) -> None:
    tests = ["t.py::a", "t.py::b[x y]"]
    rows = (
        {**ROW, "FAIL_TO_PASS": tests, "PASS_TO_PASS": []},
        {**ROW, "instance_id": "psf__requests-2", "FAIL_TO_PASS": json.dumps(tests)},
    )
    first, second = read_instances(lines(tmp_path / "a.jsonl", *rows))
    assert first.FAIL_TO_PASS == second.FAIL_TO_PASS == tuple(tests)
    (tmp_path / "a.json").write_text(json.dumps(list(rows)))
    assert read_instances(tmp_path / "a.json") == (first, second)


@pytest.mark.parametrize(
    "row, why",
    [
        ({"instance_id": "x"}, r"a.jsonl:1: no 'repo'"),
        ({**ROW, "FAIL_TO_PASS": "no list"}, "neither a list nor the JSON text"),
        ({**ROW, "FAIL_TO_PASS": [1]}, "a list of ids"),
        ({**ROW, "eval_type": "other"}, "eval_type is"),
        ([], "a JSON object is needed"),
    ],
)
def test_a_row_that_is_none_is_named_with_its_line(row: object, why: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=why):
        read_instances(lines(tmp_path / "a.jsonl", row))


def test_an_id_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"a.jsonl:2: the id 'psf__requests-1' is there twice"):
        read_instances(lines(tmp_path / "a.jsonl", ROW, ROW))


def test_an_export_is_one_commit_without_a_past(tmp_path: Path) -> None:
    folder = tmp_path / "repo"
    commit = export(MINI[0].files, folder)
    assert history(folder) == "1 commits, 0 tags, 0 remotes, no reflog"
    assert export(MINI[0].files, tmp_path / "again") == commit
    clone = Instance(**{**ROW, "base_commit": commit})
    (tmp_path / "psf__requests").symlink_to(folder)
    assert base_files(clone, tmp_path) == MINI[0].files
    with pytest.raises(BadInput, match="is not empty"):
        export(MINI[0].files, folder)


def test_the_table_says_why_an_instance_cannot_run_here(tmp_path: Path) -> None:
    tests = {"FAIL_TO_PASS": ("t.py::a",)}
    rows = [
        Instance(**ROW),
        Instance(**{**ROW, **tests, "repo": "django/django"}),
        Instance(**{**ROW, **tests, "repo": "scikit-learn/scikit-learn"}),
        Instance(**{**ROW, **tests, "repo": "own/thing"}),
        MINI[0],
    ]
    found = runnable(rows, None)
    assert [one.here for one in found] == [False, False, False, False, True]
    assert [one.reason.partition(";")[0] for one in found[:4]] == [
        "it needs urllib3 and chardet of its time, and a server to ask",
        "its tests run by its own runner, not by pytest",
        "its Cython extensions are built in place",
        "no clone of own/thing below --repos",
    ]


def test_systems_are_dealt_every_patch_of_a_place_once() -> None:
    systems = dealt(MINI)
    assert len(systems) == min(len(one.candidates) for one in MINI)
    for place, one in enumerate(MINI):
        patches = [system[place].patch for system in systems]
        assert len(set(patches)) == len(patches)
        assert set(patches) <= {each.patch for each in one.candidates}
    with pytest.raises(BadInput, match="two recorded patches"):
        dealt([])


def test_a_row_may_call_its_reference_golden(tmp_path: Path) -> None:
    row = MINI[0].row
    row["golden_patch"] = row.pop("patch")
    (tmp_path / "rows.jsonl").write_text(json.dumps(row) + "\n")
    [found] = read_instances(tmp_path / "rows.jsonl")
    assert found.patch == MINI[0].patch
