"""The difference of two trees as a patch that `git apply` takes."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import unified_diff

from tts.repository.tree import Tree

NO_NEWLINE = "\\ No newline at end of file\n"
CONTEXT = 3


def difference(before: Tree, after: Tree) -> str:
    """A unified diff with git's headers; empty where nothing differs."""
    return "".join(
        part
        for path, text in before.changes(after).items()
        for part in _of_file(path, before.files.get(path), text)
    )


def _of_file(path: str, old: str | None, new: str | None) -> Iterator[str]:
    yield f"diff --git a/{path} b/{path}\n"
    if old is None:
        yield "new file mode 100644\n"
    if new is None:
        yield "deleted file mode 100644\n"
    there, here = (f"a/{path}", f"b/{path}")
    lines = unified_diff(
        split_lines(old or ""),
        split_lines(new or ""),
        "/dev/null" if old is None else there,
        "/dev/null" if new is None else here,
        n=CONTEXT,
    )
    for line in lines:
        yield line
        if not line.endswith("\n"):
            yield "\n" + NO_NEWLINE


def split_lines(text: str) -> list[str]:
    """Lines with their ends; only a newline ends one, as in git."""
    parts = text.split("\n")
    return [*(part + "\n" for part in parts[:-1]), *([parts[-1]] if parts[-1] else [])]
