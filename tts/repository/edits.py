"""Edits as models write them: blocks that say what is searched and what it is replaced by.

The form is that of CodeMonkeys (Ehrlich et al. 2025, appendix): whole lines, found exactly once,
always relative to the repository as it was.
"""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from itertools import pairwise

from msgspec import Struct

from tts.errors import BadInput
from tts.repository.difference import split_lines
from tts.repository.patch import applied
from tts.repository.tree import Tree, is_test_path

_BLOCK = re.compile(
    r"^<{3,}[ \t]*SEARCH[ \t]+(?P<path>\S+)[ \t]*\n(?P<old>.*?)^={4,}[ \t]*\n"
    r"(?P<new>.*?)^>{3,}[ \t]*REPLACE[ \t]*$",
    re.DOTALL | re.MULTILINE,
)
ALIKE = 0.8
"""Ratio of two lines that are shown as nearly the same."""
SHOWN = 12
"""Lines of a near match that are shown back."""


class EditRefused(BadInput):
    """Edits that cannot be read or applied, worded for the model that wrote them."""


class Edit(Struct, frozen=True):
    """One block: `old` stands once in the file and becomes `new`."""

    path: str
    old: str
    new: str


def edited(tree: Tree, text: str) -> Tree:
    """The tree after the edits in a text; raises `EditRefused` with what is to be mended."""
    edits = [Edit(one["path"], one["old"], one["new"]) for one in _BLOCK.finditer(text)]
    if not edits:
        raise EditRefused("No edit could be read: write <<<< SEARCH path, ====, >>>> REPLACE.")
    changes: dict[str, str | None] = {}
    for path in dict.fromkeys(edit.path for edit in edits):
        changes[path] = _of_file(tree, path, [edit for edit in edits if edit.path == path])
    if all(tree.files.get(path) == text for path, text in changes.items()):
        raise EditRefused("The edits change nothing.")
    return tree.changed(changes)


def proposed(tree: Tree, answer: str) -> Tree:
    """The tree that an answer proposes: edits in blocks, or a unified diff.

    Raises `EditRefused` or `PatchRefused`.
    """
    return edited(tree, answer) if _BLOCK.search(answer) else applied(tree, answer)


def _of_file(tree: Tree, path: str, edits: list[Edit]) -> str:
    if is_test_path(path):
        raise EditRefused(f"{path} holds tests: mend the code, not its tests.")
    if path not in tree.files:
        raise EditRefused(f"There is no file {path}; new files cannot be made.")
    lines = split_lines(tree.files[path])
    found = [(_place(tree, lines, edit), edit) for edit in edits]
    places = sorted(found, key=lambda one: one[0])
    for (at, edit), (after, _) in pairwise(places):
        if at + len(split_lines(edit.old)) > after:
            raise EditRefused(f"Two edits of {path} overlap: join them into one.")
    for at, edit in reversed(places):
        lines[at : at + len(split_lines(edit.old))] = split_lines(edit.new)
    return "".join(lines)


def _place(tree: Tree, lines: list[str], edit: Edit) -> int:
    """The one line where the old text begins; raises `EditRefused`."""
    old = split_lines(edit.old)
    if not old:
        raise EditRefused(f"A search in {edit.path} is empty: name the lines to replace.")
    found = _starts(lines, old)
    if len(found) == 1:
        return found[0]
    if found:
        many = ", ".join(str(at + 1) for at in found[:5])
        raise EditRefused(
            f"The search in {edit.path} matches {len(found)} places (lines {many}): "
            "add lines around it until it is the only one."
        )
    raise EditRefused(_nowhere(tree, lines, edit, old))


def _starts(lines: list[str], old: list[str]) -> list[int]:
    """Also where the last line of a file has no newline."""
    told = [line.rstrip("\r\n") for line in old]
    here = [line.rstrip("\r\n") for line in lines]
    return [at for at in range(len(here) - len(told) + 1) if here[at : at + len(told)] == told]


def _nowhere(tree: Tree, lines: list[str], edit: Edit, old: list[str]) -> str:
    """What is wrong with a search that matches nothing, as far as it can be told."""
    bare = [line.strip() for line in old]
    here = [line.strip() for line in lines]
    if any(here[at : at + len(bare)] == bare for at in range(len(here) - len(bare) + 1)):
        return f"The search in {edit.path} differs in blanks alone: copy the lines exactly."
    others = [p for p, text in tree.files.items() if p != edit.path and edit.old in text]
    if others:
        return f"The searched lines do not stand in {edit.path} but in {others[0]}."
    near = _near(lines, old)
    shown = f" The nearest lines are:\n{near}" if near else ""
    return f"The search in {edit.path} matches nothing.{shown}"


def _near(lines: list[str], old: list[str]) -> str:
    """The lines of the file that are most like the searched ones; empty where none are."""
    best, most = 0.0, 0
    for at in range(max(1, len(lines) - len(old) + 1)):
        pairs = zip(old, lines[at : at + len(old)], strict=False)
        alike = sum(SequenceMatcher(None, a, b).ratio() >= ALIKE for a, b in pairs)
        if alike > best:
            best, most = alike, at
    if best * 2 < len(old):
        return ""
    return "".join(lines[most : most + min(len(old), SHOWN)])
