"""A script that was run in a repository: what it said and how it ended."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

FILES, ROOTS, ISSUE, PROPOSED = "files", "roots", "issue", "proposed"
"""Of a problem's metadata: the repository by path, the folders that modules are found in, the text of
the issue alone, and patches that others proposed."""

SOLVED, UNSOLVED = 0, 2
"""Exit codes of a script that tests an issue (Ehrlich et al. 2025): any other one is a crash."""


class ScriptRun(Struct, frozen=True, kw_only=True):
    """One run of a script in a copy of a repository."""

    code: int | None
    """Exit code; None where it came to none."""
    output: str = ""
    """Its two streams one after the other, the middle left out where they are long."""
    ended: Literal["exited", "limit"] = "exited"

    @property
    def solved(self) -> bool:
        """Whether it says that the issue is solved."""
        return self.ended == "exited" and self.code == SOLVED

    @property
    def unsolved(self) -> bool:
        """Whether it says that the issue is there."""
        return self.ended == "exited" and self.code == UNSOLVED
