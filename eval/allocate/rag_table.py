"""A table of measured retrieval settings: documents, demonstrations, iterations, tokens and score."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Literal, get_args

import msgspec
from msgspec import Struct

from tts.errors import BadInput, UnknownName
from tts.eval.problems.lines import text_lines

Reader = Literal["rag", "drag", "iterdrag"]
READERS: tuple[Reader, ...] = get_args(Reader)


class Setting(Struct, frozen=True, kw_only=True):
    """One row; a setting without a score may be chosen, and teaches nothing."""

    strategy: str
    tokens: float
    """Effective context length of the longest question: what a hard cap per question is about."""
    k: int = 0
    m: int = 0
    n: int = 1
    score: float | None = None
    dataset: str = ""
    dollars: float | None = None
    """Price of a question."""

    @property
    def theta(self) -> tuple[int, int, int]:
        return self.k, self.m, self.n


def read_settings(path: Path) -> tuple[Setting, ...]:
    """`{"strategy": "drag", "k": 10, "m": 2, "n": 1, "tokens": 30000, "score": 0.47}` line by line.

    Raises `BadInput` with file, line and reason, `UnknownName` for another strategy.
    """
    found = []
    for number, line in text_lines(path):
        where = f"{path}:{number}"
        if isinstance(line, ValueError):
            raise BadInput(f"{where}: {line}.")
        if line.strip():
            found.append(_setting(line, where))
    return tuple(found)


def _setting(line: str, where: str) -> Setting:
    try:
        one = msgspec.json.decode(line, type=Setting)
    except msgspec.DecodeError as error:
        raise BadInput(f"{where}: {error}.") from None
    if one.strategy not in READERS:
        raise UnknownName(f"strategy in {where}", one.strategy, READERS)
    if one.score is not None and not 0 <= one.score <= 1:
        raise BadInput(f"{where}: a score lies in 0..1, not {one.score:g}.")
    if min(one.k, one.m) < 0 or one.n < 1:
        raise BadInput(f"{where}: k and m are 0 or more and n is 1 or more.")
    if not (one.tokens > 0 and math.isfinite(one.tokens)):
        raise BadInput(f"{where}: tokens are above 0, not {one.tokens:g}.")
    return one
