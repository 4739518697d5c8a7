"""A tree of files as one value."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from hashlib import sha256
from pathlib import PurePosixPath

from msgspec import Struct

_TEST = re.compile(r"^(?:tests?|testing)/|(?:^|/)(?:test_[^/]*|[^/]*_test|tests|conftest)\.py$")


class Tree(Struct, frozen=True):
    """Files by their path from the root, with slashes.

    Contents are text; bytes that are no UTF-8 are kept as surrogates, so that a tree is written as
    it was read. A folder without files does not exist.
    """

    files: dict[str, str]

    def __post_init__(self) -> None:
        for path in self.files:
            if not is_safe_path(path):
                raise ValueError(f"{path!r} is no path inside a repository")

    @property
    def digest(self) -> str:
        """SHA-256 over paths and contents: equal trees, equal digest."""
        return sha256(json.dumps(self.files, sort_keys=True).encode()).hexdigest()

    def changed(self, files: Mapping[str, str | None]) -> Tree:
        """The tree with these files written, or taken away where the content is None."""
        kept = {path: text for path, text in self.files.items() if path not in files}
        return Tree({**kept, **{path: text for path, text in files.items() if text is not None}})

    def changes(self, after: Tree) -> dict[str, str | None]:
        """What `changed` needs to make `after` of this tree."""
        paths = sorted({*self.files, *after.files})
        return {
            path: after.files.get(path)
            for path in paths
            if self.files.get(path) != after.files.get(path)
        }

    @property
    def sources(self) -> tuple[str, ...]:
        """Paths of its Python files that are no tests, in order."""
        python = sorted(path for path in self.files if path.endswith(".py"))
        return tuple(path for path in python if not is_test_path(path))


def is_safe_path(path: str) -> bool:
    """Whether a path stays inside the tree and outside of git's own folder."""
    parts = PurePosixPath(path).parts
    return (
        bool(parts)
        and "\0" not in path
        and "\\" not in path
        and not path.startswith("/")
        and not {"..", ".git"} & set(parts)
        and str(PurePosixPath(path)) == path
    )


def is_test_path(path: str) -> bool:
    """Whether a file belongs to the tests, by its name or the first folder: `django/test/` is code."""
    return _TEST.search(path) is not None
