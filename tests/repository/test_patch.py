from __future__ import annotations

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tts.repository import (
    EditRefused,
    PatchRefused,
    Tree,
    applied,
    difference,
    edited,
    is_test_path,
    parse_patch,
)

LINES = st.lists(st.sampled_from(["a", "b", "c", "", "x y", "ä", "é\r"]), max_size=12)
ENDS = st.booleans()


def text(lines: list[str], ended: bool) -> str:
    return "\n".join(lines) + ("\n" if ended and lines else "")


TREES = st.dictionaries(
    st.sampled_from(["a.py", "pkg/b.py", "tests/test_c.py"]), st.builds(text, LINES, ENDS)
).map(Tree)


@given(TREES, TREES)
def test_a_difference_applied_gives_the_other_tree(before: Tree, after: Tree) -> None:
    assert applied(before, difference(before, after)) == after


@settings(max_examples=15, deadline=None)
@given(before=TREES, after=TREES)
def test_git_applies_a_difference_to_the_same_tree(
    tmp_path_factory: pytest.TempPathFactory, before: Tree, after: Tree
) -> None:
    folder = tmp_path_factory.mktemp("tree")
    for path, body in before.files.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_bytes(body.encode())
    patch = difference(before, after)
    if patch:
        told = ["git", "apply", "--whitespace=nowarn", "-"]
        subprocess.run(told, cwd=folder, input=patch.encode(), check=True, capture_output=True)
    found = {
        str(path.relative_to(folder)): path.read_bytes().decode()
        for path in folder.rglob("*")
        if path.is_file()
    }
    assert found == after.files


BASE = Tree({"a.py": "one\ntwo\nthree\nfour\nfive\nsix\nseven\n"})


def hunk(old: str, new: str, start: int = 1, name: str = "a.py") -> str:
    lines = [*(f"-{one}\n" for one in old.split()), *(f"+{one}\n" for one in new.split())]
    counts = f"-{start},{len(old.split())} +{start},{len(new.split())}"
    return f"--- a/{name}\n+++ b/{name}\n@@ {counts} @@\n{''.join(lines)}"


def test_a_hunk_that_moved_is_found() -> None:
    assert applied(BASE, hunk("five", "5", start=2)).files["a.py"].split()[4] == "5"


def test_a_hunk_whose_context_changed_is_found_without_it() -> None:
    patch = "--- a/a.py\n+++ b/a.py\n@@ -2,3 +2,3 @@\n nothing\n-three\n+3\n four\n"
    assert applied(BASE, patch).files["a.py"].split()[2] == "3"


def test_a_file_keeps_its_own_ends_of_lines() -> None:
    windows = Tree({"a.py": "one\r\ntwo\r\n"})
    assert applied(windows, hunk("two", "2", start=2)).files["a.py"] == "one\r\n2\r\n"
    crlf = hunk("two", "2", start=2).replace("\n", "\r\n")
    assert applied(BASE, crlf).files["a.py"].startswith("one\n2\nthree\n")


@pytest.mark.parametrize(
    "patch, why",
    [
        ("just words", "no unified diff"),
        (hunk("eight", "8"), r"a\.py: hunk 1 \(line 1\) matches nowhere"),
        (hunk("x", "y", name="b.py"), r"b\.py: there is no such file"),
        (hunk("one", "1", name="../b.py"), "outside the repository"),
        (hunk("one", "1", name=".git/config"), "outside the repository"),
        ("--- a/a.py\n+++ b/a.py\n@@ -1,3 +1,3 @@\n-one\n", "shorter than it says"),
        (
            "diff --git a/x.png b/x.png\nnew file mode 100644\nGIT binary patch\nliteral 9\n",
            "x.png: a binary file",
        ),
        ("--- a/a.py\n" + "x" * 2_000_001, "characters"),
    ],
)
def test_what_does_not_apply_is_refused_with_its_reason(patch: str, why: str) -> None:
    with pytest.raises(PatchRefused, match=why):
        applied(BASE, patch)


def test_new_gone_and_renamed_files() -> None:
    patch = (
        "diff --git a/a.py b/b.py\nsimilarity index 100%\nrename from a.py\nrename to b.py\n"
        "diff --git a/c.py b/c.py\nnew file mode 100644\n--- /dev/null\n+++ b/c.py\n"
        "@@ -0,0 +1 @@\n+see\n\\ No newline at end of file\n"
    )
    after = applied(BASE, patch)
    assert after.files == {"b.py": BASE.files["a.py"], "c.py": "see"}
    assert parse_patch(patch)[1].added == ("see",)


def test_an_empty_patch_changes_nothing() -> None:
    assert applied(BASE, "") == BASE


@pytest.mark.parametrize(
    "path, tests",
    [
        ("tests/a.py", True),
        ("pkg/test_a.py", True),
        ("conftest.py", True),
        ("django/test/client.py", False),
        ("pkg/attest.py", False),
    ],
)
def test_tests_are_known_by_name_or_first_folder(path: str, tests: bool) -> None:
    assert is_test_path(path) is tests


def block(path: str, old: str, new: str) -> str:
    return f"<<<< SEARCH {path}\n{old}====\n{new}>>>> REPLACE\n"


def test_edits_are_relative_to_the_tree_as_it_was() -> None:
    told = "Thoughts.\n" + block("a.py", "one\n", "1\n") + block("a.py", "seven\n", "7\none\n")
    assert edited(BASE, told).files["a.py"] == "1\ntwo\nthree\nfour\nfive\nsix\n7\none\n"


def test_the_last_line_of_a_file_without_an_end_can_be_edited() -> None:
    tree = Tree({"a.py": "one\ntwo"})
    assert edited(tree, block("a.py", "two\n", "2\n")).files["a.py"] == "one\n2\n"


@pytest.mark.parametrize(
    "told, why",
    [
        ("no block", "No edit could be read"),
        (block("a.py", "t", "x\n"), "No edit could be read"),
        (block("b.py", "one\n", "1\n"), "There is no file b.py"),
        (block("tests/test_a.py", "one\n", "1\n"), "holds tests"),
        (block("a.py", "", "1\n"), "is empty"),
        (block("a.py", "  one\n", "1\n"), "differs in blanks alone"),
        (block("a.py", "thre\nfour\n", "1\n"), "nearest lines are:\nthree\nfour\n"),
        (block("a.py", "one\n", "one\n"), "change nothing"),
        (block("a.py", "two\nthree\n", "2\n") + block("a.py", "three\n", "3\n"), "overlap"),
    ],
)
def test_an_edit_that_cannot_be_made_says_what_to_mend(told: str, why: str) -> None:
    with pytest.raises(EditRefused, match=why):
        edited(BASE, told)


def test_a_search_with_several_places_names_them() -> None:
    tree = Tree({"a.py": "x\ny\nx\n", "b.py": "z\n"})
    with pytest.raises(EditRefused, match=r"2 places \(lines 1, 3\)"):
        edited(tree, block("a.py", "x\n", "1\n"))
    with pytest.raises(EditRefused, match=r"but in b\.py"):
        edited(tree, block("a.py", "z\n", "1\n"))
