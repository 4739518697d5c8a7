"""Repositories at their base commits: read out of clones, and written as one fresh commit."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path

from tts.errors import BadInput
from tts.eval.swe.instance import Instance
from tts.repository import Tree, is_safe_path

AUTHOR = ("-c", "user.name=tts", "-c", "user.email=tts@localhost", "-c", "commit.gpgsign=false")
DATE = "2000-01-01T00:00:00Z"
"""Of the fresh commit: equal trees give equal commits."""


def clone_of(instance: Instance, repos: Path | None) -> Path | None:
    """The clone of an instance's repository below a folder: `owner__name`, `owner/name` or `name`."""
    if repos is None:
        return None
    owner, _, name = instance.repo.partition("/")
    for folder in (f"{owner}__{name}", f"{owner}/{name}", name):
        if (repos / folder / ".git").exists() or (repos / folder / "HEAD").is_file():
            return repos / folder
    return None


def base_files(instance: Instance, repos: Path | None) -> dict[str, str]:
    """The repository at its base commit; raises `BadInput` where it is not at hand."""
    if instance.files:
        return instance.files
    clone = clone_of(instance, repos)
    if clone is None:
        raise BadInput(f"no clone of {instance.repo} below {repos or '--repos'}")
    archive = _git(clone, "archive", "--format=tar", instance.base_commit)
    return _files_of(archive)


def has_commit(clone: Path, commit: str) -> bool:
    """Whether a clone holds a commit."""
    try:
        _git(clone, "cat-file", "-e", f"{commit}^{{commit}}")
    except BadInput:
        return False
    return True


def _files_of(archive: bytes) -> dict[str, str]:
    """Regular files of an archive; links are left out, since they may lead anywhere."""
    found = {}
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in tar:
            if member.isfile() and is_safe_path(member.name):
                file = tar.extractfile(member)
                body = file.read() if file else b""
                found[member.name] = body.decode("utf-8", "surrogateescape")
    return found


def export(files: Mapping[str, str], folder: Path) -> str:
    """Write a tree as a repository of a single commit; returns its id.

    Nothing of another history is in it: no earlier or later commit, tag, branch, remote or reflog.
    Raises `BadInput` where the folder is not empty.
    """
    if folder.exists() and any(folder.iterdir()):
        raise BadInput(f"{folder}: is not empty; a fresh repository needs a folder of its own.")
    write_tree(files, folder)
    _git(folder, "init", "--quiet", "--initial-branch=main", "--template=")
    _git(folder, "add", "--all", "--force")
    when = {"GIT_AUTHOR_DATE": DATE, "GIT_COMMITTER_DATE": DATE}
    _git(folder, *AUTHOR, "commit", "--quiet", "--allow-empty", "-m", "base", more=when)
    shutil.rmtree(folder / ".git" / "logs", ignore_errors=True)
    return _git(folder, "rev-parse", "HEAD").decode().strip()


def write_tree(files: Mapping[str, str], folder: Path) -> None:
    """Write the files of a tree below a folder."""
    for path, text in Tree(dict(files)).files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text.encode("utf-8", "surrogateescape"))


def history(folder: Path) -> str:
    """One line on what a repository tells of its past, for the audit."""
    counted = {
        "commits": _git(folder, "rev-list", "--all", "--count"),
        "tags": str(len(_git(folder, "tag").split())).encode(),
        "remotes": str(len(_git(folder, "remote").split())).encode(),
    }
    told = ", ".join(f"{value.decode().strip()} {name}" for name, value in counted.items())
    logs = "a reflog" if (folder / ".git" / "logs").exists() else "no reflog"
    return f"{told}, {logs}"


def _git(folder: Path, *arguments: str, more: Mapping[str, str] | None = None) -> bytes:
    """Git's answer, with none of the account's own settings; raises `BadInput`."""
    quiet = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    path = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/nonexistent"}
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=folder,
            env={**path, **quiet, **(more or {})},
            capture_output=True,
            check=True,
        )
    except FileNotFoundError as error:
        raise BadInput("git is not installed: repositories are read and written by it.") from error
    except subprocess.CalledProcessError as error:
        said = " ".join(error.stderr.decode("utf-8", "replace").split())[:200]
        raise BadInput(f"git {arguments[0]} in {folder}: {said}") from error
    return done.stdout
