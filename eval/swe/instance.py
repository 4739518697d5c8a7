"""Instances of SWE-bench: an issue, a commit, a reference patch and the tests that judge.

Read from rows of every age of the set (JSON Lines, one JSON list, a folder of tasks as of version 5)
and written as rows that its own loaders take. Format: SWE-bench 5.0.2, `docs/swe.md`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import yaml
from msgspec import Struct, to_builtins

from tts.errors import BadInput
from tts.eval.problems.lines import BadRow
from tts.eval.problems.rows import json_rows
from tts.verifiers.repository import RepositoryReference

NEEDED = ("instance_id", "repo", "base_commit", "patch", "problem_statement")
LISTS = ("FAIL_TO_PASS", "PASS_TO_PASS")
ALSO = {"patch": "golden_patch"}
"""Other names that files of rows have for a field."""
FILES, ROOTS, CANDIDATES = "tts_files", "tts_roots", "tts_candidates"
"""Fields of our own in a row: the repository as it was, where its modules are, recorded patches."""
TASK = "task.yaml"
"""What a folder of a task holds beside its patches, as of version 5."""

Worth = Literal["right", "wrong", "cheat"]


class RecordedPatch(Struct, frozen=True, kw_only=True):
    """A patch whose worth is known."""

    name: str
    kind: Worth
    patch: str
    how: str = ""
    """Of a cheat: tests, settings, special, printed or forged."""


class Instance(Struct, frozen=True, kw_only=True):
    """One issue of one repository."""

    instance_id: str
    repo: str
    base_commit: str
    patch: str
    """The reference; a model never sees it."""
    problem_statement: str
    test_patch: str = ""
    hints_text: str = ""
    created_at: str = ""
    version: str = ""
    environment_setup_commit: str = ""
    FAIL_TO_PASS: tuple[str, ...] = ()
    PASS_TO_PASS: tuple[str, ...] = ()
    eval_type: Literal["pass_and_fail", "fail_only"] = "pass_and_fail"
    files: dict[str, str] = {}
    """The repository at its base commit, where the row brings it."""
    roots: tuple[str, ...] = (".",)
    candidates: tuple[RecordedPatch, ...] = ()

    @property
    def has_tests(self) -> bool:
        return bool(self.FAIL_TO_PASS)

    def reference(self, files: Mapping[str, str]) -> RepositoryReference:
        """What its patches are graded by, given the repository at its base commit."""
        return RepositoryReference(
            files=dict(files),
            test_patch=self.test_patch,
            fail_to_pass=self.FAIL_TO_PASS,
            pass_to_pass=self.PASS_TO_PASS,
            roots=self.roots,
            fail_only=self.eval_type == "fail_only",
        )

    @property
    def row(self) -> dict[str, Any]:
        """The row as SWE-bench writes it, lists as JSON texts; our own fields have names of their own."""
        fields = to_builtins(self)
        row = {name: fields[name] for name in self.__struct_fields__ if name not in _OWN}
        for name in LISTS:
            row[name] = json.dumps(list(row[name]))
        own = {FILES: self.files, CANDIDATES: fields["candidates"]}
        more = {name: value for name, value in own.items() if value}
        return {**row, **more, **({ROOTS: list(self.roots)} if self.roots != (".",) else {})}


_OWN = {"files", "roots", "candidates"}


def read_instances(source: str | Path) -> tuple[Instance, ...]:
    """Instances of a file or a folder of tasks; raises `BadInput` as `file:line: reason`."""
    path = Path(source)
    if path.is_dir():
        return _distinct(_of_tasks(path), path)
    if path.suffix == ".json":
        return _distinct(_of_list(path), path)
    return _distinct(_of_lines(path), path)


def instance_of(row: Mapping[str, Any]) -> Instance:
    """The instance in a row; raises `BadRow`."""
    row = {**{name: row[other] for name, other in ALSO.items() if other in row}, **row}
    lacking = [name for name in NEEDED if not isinstance(row.get(name), str)]
    if lacking:
        raise BadRow(f"no {lacking[0]!r}: a row of SWE-bench has {', '.join(NEEDED)}")
    kind = row.get("eval_type") or "pass_and_fail"
    if kind not in ("pass_and_fail", "fail_only"):
        raise BadRow(f"eval_type is pass_and_fail or fail_only, not {kind!r}")
    texts = ("test_patch", "hints_text", "created_at", "version", "environment_setup_commit")
    return Instance(
        **{name: row[name] for name in NEEDED},
        **{name: str(row.get(name) or "") for name in texts},
        FAIL_TO_PASS=_listed(row, "FAIL_TO_PASS"),
        PASS_TO_PASS=_listed(row, "PASS_TO_PASS"),
        eval_type="fail_only" if kind == "fail_only" else "pass_and_fail",
        files=dict(row.get(FILES) or {}),
        roots=tuple(row.get(ROOTS) or (".",)),
        candidates=tuple(RecordedPatch(**one) for one in row.get(CANDIDATES) or ()),
    )


def _listed(row: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """A list, or the JSON text of one, as rows before version 5 have it."""
    value = row.get(name) or []
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError as error:
            raise BadRow(f"{name} is neither a list nor the JSON text of one") from error
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise BadRow(f"{name} is a list of ids of tests")
    return tuple(value)


def _distinct(found: Iterable[tuple[str, Instance]], path: Path) -> tuple[Instance, ...]:
    seen: dict[str, Instance] = {}
    for place, one in found:
        if one.instance_id in seen:
            raise BadInput(f"{place}: the id {one.instance_id!r} is there twice.")
        seen[one.instance_id] = one
    if not seen:
        raise BadInput(f"{path}: no instance in it.")
    return tuple(seen.values())


def _of_lines(path: Path) -> Iterator[tuple[str, Instance]]:
    for line, row in json_rows(path):
        yield f"{path}:{line}", _read(row, f"{path}:{line}")


def _of_list(path: Path) -> Iterator[tuple[str, Instance]]:
    try:
        rows = json.loads(path.read_text())
    except (ValueError, OSError) as error:
        raise BadInput(f"{path}: not JSON: {error}.") from error
    if not isinstance(rows, list):
        raise BadInput(f"{path}: a list of rows is needed, not {type(rows).__name__}.")
    for number, row in enumerate(rows, 1):
        place = f"{path}, row {number}"
        yield place, _read(row if isinstance(row, dict) else BadRow("no object"), place)


def _of_tasks(folder: Path) -> Iterator[tuple[str, Instance]]:
    """Folders of tasks: `tasks/<id>/{task.yaml, tests.json, problem_statement.md, …}`."""
    root = folder / "tasks" if (folder / "tasks").is_dir() else folder
    for task in sorted(one for one in root.iterdir() if (one / TASK).is_file()):
        yield str(task), _read(task_row(task), str(task))


def task_row(task: Path) -> dict[str, Any]:
    """The row that a folder of a task stands for."""
    try:
        told = yaml.safe_load((task / TASK).read_text()) or {}
        tests = json.loads(_text(task / "tests.json") or "{}")
    except (ValueError, yaml.YAMLError, OSError) as error:
        raise BadInput(f"{task}: cannot be read ({error}).") from error
    texts = {
        "problem_statement": _text(task / "problem_statement.md"),
        "hints_text": _text(task / "hints.md"),
        "patch": _text(task / "gold.patch"),
        "test_patch": _text(task / "test.patch"),
    }
    return {"instance_id": task.name, **told, **tests, **texts}


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace") if path.is_file() else ""


def _read(row: Mapping[str, Any] | BadRow, place: str) -> Instance:
    try:
        if isinstance(row, BadRow):
            raise row
        return instance_of(row)
    except (BadRow, TypeError) as error:
        raise BadInput(f"{place}: {error}.") from error


def write_rows(path: Path, instances: Sequence[Instance]) -> None:
    """Rows as JSON Lines, one line feed behind each."""
    lines = (json.dumps(one.row, ensure_ascii=True) + "\n" for one in instances)
    path.write_text("".join(lines))


def write_tasks(folder: Path, instances: Sequence[Instance]) -> None:
    """The same as folders of tasks, the layout of version 5."""
    for one in instances:
        task = folder / "tasks" / one.instance_id
        task.mkdir(parents=True, exist_ok=True)
        names = ("instance_id", "repo", "base_commit", "version", "created_at", "eval_type")
        more = {ROOTS: list(one.roots)}
        told = {name: getattr(one, name) for name in names} | more
        (task / TASK).write_text(yaml.safe_dump(told, sort_keys=False))
        lists = {name: list(getattr(one, name)) for name in LISTS}
        (task / "tests.json").write_text(json.dumps(lists, indent=1) + "\n")
        (task / "problem_statement.md").write_text(one.problem_statement)
        (task / "hints.md").write_text(one.hints_text)
        (task / "gold.patch").write_text(one.patch)
        (task / "test.patch").write_text(one.test_patch)
