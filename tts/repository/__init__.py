"""Repositories as values: trees of files, patches of them, edits as models write them."""

from tts.repository.difference import difference
from tts.repository.edits import EditRefused, edited, proposed
from tts.repository.patch import LONGEST_PATCH, FileChange, PatchRefused, applied, parse_patch
from tts.repository.script_run import FILES, ISSUE, PROPOSED, ROOTS, SOLVED, UNSOLVED, ScriptRun
from tts.repository.tree import Tree, is_safe_path, is_test_path

__all__ = [
    "FILES",
    "ISSUE",
    "LONGEST_PATCH",
    "PROPOSED",
    "ROOTS",
    "SOLVED",
    "UNSOLVED",
    "EditRefused",
    "FileChange",
    "PatchRefused",
    "ScriptRun",
    "Tree",
    "applied",
    "difference",
    "edited",
    "is_safe_path",
    "is_test_path",
    "parse_patch",
    "proposed",
]
