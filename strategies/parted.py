"""Finished and unfinished candidates."""

from __future__ import annotations

from collections.abc import Iterable

from tts.values import Scored


def parted(scored: Iterable[Scored]) -> tuple[list[Scored], list[Scored]]:
    """Those that ended by themselves, and the others: a truncated text is among the others."""
    done: list[Scored] = []
    live: list[Scored] = []
    for one in scored:
        (done if one.candidate.final else live).append(one)
    return done, live
