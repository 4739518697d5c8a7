"""What a change of a repository is graded by, and the tree that is really tested."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping

import msgspec
from msgspec import Struct

from tts.errors import BadInput
from tts.repository import Tree, applied, is_test_path

SETTINGS = re.compile(
    r"(?:^|/)(?:conftest\.py|pytest\.ini|\.pytest\.ini|tox\.ini|setup\.cfg|pyproject\.toml"
    r"|sitecustomize\.py|usercustomize\.py|[^/]*\.pth)$"
)
"""Files that say how tests are run; a candidate's own are never used."""


class RepositoryReference(Struct, frozen=True, kw_only=True):
    """A repository as it was, and the tests that a mended one passes."""

    files: dict[str, str]
    """At the base commit, by path."""
    test_patch: str
    """What the mending commit did to the tests."""
    fail_to_pass: tuple[str, ...]
    """Ids of pytest: tests that fail at the base and have to pass."""
    pass_to_pass: tuple[str, ...]
    """Tests that pass at the base and have to go on passing."""
    roots: tuple[str, ...] = (".",)
    """Folders that modules are found in."""
    fail_only: bool = False
    """A test without a result counts as passed (`eval_type` of SWE-bench 5)."""

    @property
    def text(self) -> str:
        return msgspec.json.encode(self).decode()

    @classmethod
    def of(cls, text: str) -> RepositoryReference:
        """Raises `BadInput` for what is no reference of a repository."""
        try:
            return msgspec.json.decode(text, type=cls)
        except msgspec.DecodeError as error:
            raise BadInput(f"The reference holds no tests of a repository: {error}.") from error

    @property
    def base(self) -> Tree:
        return Tree(self.files)

    @property
    def tested(self) -> Tree:
        """The base with the tests of the mending commit; raises `PatchRefused`."""
        return applied(self.base, self.test_patch)

    @property
    def ids(self) -> tuple[str, ...]:
        return (*self.fail_to_pass, *self.pass_to_pass)

    @property
    def test_files(self) -> tuple[str, ...]:
        """The files that hold the tests, in order."""
        return tuple(dict.fromkeys(one.partition("::")[0] for one in self.ids))


def judged_tree(reference: RepositoryReference, patch: str) -> tuple[Tree, tuple[str, ...]]:
    """The tree that is tested, and the paths of a patch that were put back.

    The patch is applied to the base; then every test, and every file that says how tests are run,
    is put back to what it is after the mending commit's own change of the tests. Raises
    `PatchRefused` where the patch does not apply.
    """
    tested = reference.tested
    changed = applied(reference.base, patch)
    back: dict[str, str | None] = {
        path: tested.files.get(path)
        for path in {*changed.files, *tested.files}
        if _is_fixed(path, tested) and changed.files.get(path) != tested.files.get(path)
    }
    said = tuple(sorted(path for path in back if _by_candidate(reference.base, changed, path)))
    return changed.changed(back), said


def _is_fixed(path: str, tested: Tree) -> bool:
    if SETTINGS.search(path):
        return True
    return is_test_path(path) and path in tested.files


def _by_candidate(base: Tree, changed: Tree, path: str) -> bool:
    return base.files.get(path) != changed.files.get(path)


def with_failing_tests(files: Mapping[str, str], paths: tuple[str, ...]) -> dict[str, str]:
    """The files with every test in these paths failing at its first line.

    The control of a verdict: whatever passes in it passes without its test, so that results which
    the code under test has forged show. Names, parameters and marks stay; skipped tests stay skipped.
    """
    failing = {path: _failing(files[path]) for path in paths if path in files}
    return {**files, **failing}


def _failing(source: str) -> str:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return source
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _is_test(node):
            node.body = [ast.Raise(exc=ast.Name(id="AssertionError", ctx=ast.Load()))]
    return ast.unparse(ast.fix_missing_locations(tree))


def _is_test(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    marks = (ast.unparse(one) for one in node.decorator_list)
    return node.name.startswith("test") and not any("fixture" in mark for mark in marks)
