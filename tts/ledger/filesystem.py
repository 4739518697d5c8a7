"""Which kind of file system holds a file."""

from __future__ import annotations

import re
from pathlib import Path

from tts.errors import LedgerError

MOUNTS = Path("/proc/mounts")
REMOTE = re.compile(r"nfs\d*|cifs|smb\w*|afs|ncpfs|fuse\.(sshfs|smbnetfs|rclone|s3fs)")
"""SQLite's write-ahead log needs memory shared by every process, which these cannot give."""


def unescape(field: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), field)


def filesystem(path: Path, *, mounts: Path = MOUNTS) -> str:
    """The type of the mount with the longest prefix of the path; empty where none is listed."""
    try:
        lines = mounts.read_text(errors="replace").splitlines()
    except OSError:
        return ""
    entries = [(Path(unescape(f[1])), f[2]) for f in map(str.split, lines) if len(f) > 2]
    place = path.resolve()
    holding = [entry for entry in entries if place.is_relative_to(entry[0])]
    return max(holding, key=lambda entry: len(entry[0].parts), default=(None, ""))[1]


def refuse_remote(path: Path, *, mounts: Path = MOUNTS) -> None:
    """Raises `LedgerError` where the path lies on a network file system."""
    kind = filesystem(path, mounts=mounts)
    if REMOTE.fullmatch(kind):
        raise LedgerError(
            f"{path} lies on a network file system ({kind}), where SQLite can lose data. "
            "Use a local path, or PostgreSQL with a postgresql+psycopg:// URL."
        )
