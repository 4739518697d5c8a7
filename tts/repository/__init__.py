"""Repositories as values: trees of files, patches of them, edits as models write them."""

from tts.repository.difference import difference
from tts.repository.edits import EditRefused, edited
from tts.repository.patch import LONGEST_PATCH, FileChange, PatchRefused, applied, parse_patch
from tts.repository.tree import Tree, is_safe_path, is_test_path

__all__ = [
    "LONGEST_PATCH",
    "EditRefused",
    "FileChange",
    "PatchRefused",
    "Tree",
    "applied",
    "difference",
    "edited",
    "is_safe_path",
    "is_test_path",
    "parse_patch",
]
