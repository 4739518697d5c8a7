"""Unified diffs: read, and applied to a tree as `git apply` and then `patch` would.

A hunk goes where all of its old lines stand, nearest to the line that it names; then without up to
three lines of context at its ends, as `patch --fuzz`. Ends of lines are matched as they are, and
then whatever they are: a file keeps its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from tts.errors import BadInput
from tts.repository.difference import split_lines
from tts.repository.tree import Tree, is_safe_path

LONGEST_PATCH = 2_000_000
"""Characters; a longer patch is refused unread."""
FUZZ = 3
_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_GIT = re.compile(r"diff --git (?:\"?a/(.*?)\"?) (?:\"?b/(.*?)\"?)\s*$")


class PatchRefused(BadInput):
    """A patch that cannot be read or does not apply: which file, which hunk, why."""


class Hunk(Struct, frozen=True):
    """One place of one file."""

    start: int
    """Line of the old file, from 1."""
    lines: tuple[tuple[str, str], ...]
    """What happens to a line (` `, `-`, `+`) and the line with its end."""

    @property
    def old(self) -> list[str]:
        return [line for sign, line in self.lines if sign != "+"]

    @property
    def new(self) -> list[str]:
        return [line for sign, line in self.lines if sign != "-"]

    def without_context(self, fuzz: int) -> Hunk:
        """The hunk less up to `fuzz` lines of context at either end."""
        lines, start = list(self.lines), self.start
        for _ in range(fuzz):
            if lines and lines[0][0] == " ":
                lines, start = lines[1:], start + 1
            if lines and lines[-1][0] == " ":
                lines = lines[:-1]
        return Hunk(start, tuple(lines))


class FileChange(Struct, frozen=True, kw_only=True):
    """What a patch does to one file."""

    old: str | None
    """Path before; None: the file is new."""
    new: str | None
    """Path after; None: the file goes."""
    hunks: tuple[Hunk, ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple({path: None for path in (self.old, self.new) if path is not None})

    @property
    def added(self) -> tuple[str, ...]:
        """The lines that it puts in, without their ends."""
        lines = (line for hunk in self.hunks for line in hunk.lines)
        return tuple(line.rstrip("\r\n") for sign, line in lines if sign == "+")


def parse_patch(text: str) -> tuple[FileChange, ...]:
    """The changes that a patch asks for; raises `PatchRefused` for what cannot be read.

    An empty text is no change at all.
    """
    if len(text) > LONGEST_PATCH:
        raise PatchRefused(f"a patch of {len(text):,} characters; {LONGEST_PATCH:,} are read")
    if text.strip() and not re.search(r"^(?:--- |diff --git )", text, re.MULTILINE):
        raise PatchRefused("no unified diff: no line begins with '--- ' or 'diff --git '")
    found = tuple(_Reader(split_lines(text)).changes())
    for path in (path for change in found for path in change.paths):
        if not is_safe_path(path):
            raise PatchRefused(f"{path!r} lies outside the repository")
    return found


def applied(tree: Tree, patch: str) -> Tree:
    """The tree after a patch; raises `PatchRefused` with the file and hunk that do not apply."""
    for change in parse_patch(patch):
        tree = _changed(tree, change)
    return tree


def _changed(tree: Tree, change: FileChange) -> Tree:
    text = ""
    if change.old is not None:
        if change.old not in tree.files:
            raise PatchRefused(f"{change.old}: there is no such file")
        text = tree.files[change.old]
    elif change.new in tree.files and change.hunks:
        raise PatchRefused(f"{change.new}: is to be new, and is there")
    lines, shift = split_lines(text), 0
    for number, hunk in enumerate(change.hunks, 1):
        at, fitted = _place(lines, hunk, shift, f"{change.old or change.new}: hunk {number}")
        lines[at : at + len(fitted.old)] = fitted.new
        shift = at + len(fitted.new) - len(fitted.old) - (fitted.start - 1)
    if change.new is None and "".join(lines):
        raise PatchRefused(f"{change.old}: is to be deleted, and holds more than the patch says")
    gone = {path: None for path in change.paths if path != change.new}
    return tree.changed({**gone, **({change.new: "".join(lines)} if change.new else {})})


def _place(lines: list[str], hunk: Hunk, shift: int, told: str) -> tuple[int, Hunk]:
    """Where a hunk goes, and the hunk as it fits there."""
    for fuzz in range(FUZZ + 1):
        tried = hunk.without_context(fuzz) if fuzz else hunk
        if fuzz and not tried.old:
            break
        for one in (tried, _with_ends_of(lines, tried)):
            at = _nearest(lines, one.old, max(one.start - 1, 0) + shift)
            if at is not None:
                return at, one
    raise PatchRefused(f"{told} (line {hunk.start}) matches nowhere")


def _nearest(lines: Sequence[str], old: list[str], expected: int) -> int | None:
    if not old:
        return min(max(expected + 1, 0), len(lines)) if lines else 0
    starts = range(len(lines) - len(old) + 1)
    fits = [at for at in starts if lines[at] == old[0] and list(lines[at : at + len(old)]) == old]
    return min(fits, key=lambda at: (abs(at - expected), at)) if fits else None


def _with_ends_of(lines: Sequence[str], hunk: Hunk) -> Hunk:
    """The hunk with the file's own ends of lines."""
    crlf = sum(line.endswith("\r\n") for line in lines) * 2 > len(lines)
    end = "\r\n" if crlf else "\n"

    def ended(line: str) -> str:
        return line.rstrip("\r\n") + end if line.endswith("\n") else line

    return Hunk(hunk.start, tuple((sign, ended(line)) for sign, line in hunk.lines))


class _Reader:
    """Reads the lines of a patch, one file after the other."""

    def __init__(self, lines: list[str]) -> None:
        self.lines, self.at = lines, 0

    def changes(self) -> Iterator[FileChange]:
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if line.startswith("diff --git "):
                yield from self._of_git(line)
            elif line.startswith("--- ") and self._follows("+++ "):
                yield self._of_headers()
            elif line.startswith("@@ "):
                raise PatchRefused(f"line {self.at + 1}: a hunk without a file")
            else:
                self.at += 1

    def _of_git(self, line: str) -> Iterator[FileChange]:
        """One file by git's own header: it may be renamed, or change its mode alone."""
        named = _GIT.match(line)
        if named is None:
            raise PatchRefused(f"line {self.at + 1}: {line.strip()[:80]!r} names no files")
        old: str | None = named[1]
        new: str | None = named[2]
        whole = True
        self.at += 1
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if line.startswith(("GIT binary patch", "Binary files ")):
                raise PatchRefused(f"{named[2]}: a binary file")
            if line.startswith("--- ") and self._follows("+++ "):
                yield self._of_headers()
                return
            if line.startswith(("diff --git ", "@@ ")):
                break
            if line.startswith("new file"):
                old, whole = None, False
            elif line.startswith("deleted file"):
                new, whole = None, False
            elif line.startswith("rename from "):
                whole = False
            self.at += 1
        if not whole:
            yield FileChange(old=old, new=new)

    def _follows(self, head: str) -> bool:
        return self.at + 1 < len(self.lines) and self.lines[self.at + 1].startswith(head)

    def _of_headers(self) -> FileChange:
        old, new = (_path(self.lines[self.at + place]) for place in (0, 1))
        self.at += 2
        hunks = []
        while self.at < len(self.lines) and (head := _HUNK.match(self.lines[self.at])):
            hunks.append(self._hunk(head))
        if not hunks and old == new:
            raise PatchRefused(f"{new}: has no hunk")
        return FileChange(old=old, new=new, hunks=tuple(hunks))

    def _hunk(self, head: re.Match[str]) -> Hunk:
        said = self.at + 1
        self.at += 1
        left = {"-": int(head[2] or 1), "+": int(head[4] or 1)}
        lines: list[tuple[str, str]] = []
        while left["-"] or left["+"]:
            line = self.lines[self.at] if self.at < len(self.lines) else ""
            sign = line[:1] if line.strip("\r\n") else " "
            if not line or sign not in " -+\\":
                raise PatchRefused(f"line {said}: the hunk is shorter than it says")
            self.at += 1
            if sign == "\\":
                _unend(lines)
                continue
            lines.append((sign, line[1:] if line.strip("\r\n") else line))
            for one in "-+" if sign == " " else sign:
                left[one] -= 1
        if self.at < len(self.lines) and self.lines[self.at].startswith("\\"):
            _unend(lines)
            self.at += 1
        if min(left.values()) < 0:
            raise PatchRefused(f"line {said}: the hunk is longer than it says")
        return Hunk(int(head[1]), tuple(lines))


def _unend(lines: list[tuple[str, str]]) -> None:
    """The last line read has no newline."""
    if lines:
        sign, line = lines[-1]
        lines[-1] = (sign, line.removesuffix("\n"))


def _path(header: str) -> str | None:
    """The path of a `---` or `+++` line; None for /dev/null."""
    named = header[4:].split("\t")[0].strip().strip('"')
    if named == "/dev/null":
        return None
    return named[2:] if named.startswith(("a/", "b/")) else named
