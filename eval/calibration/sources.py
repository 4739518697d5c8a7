"""What a calibration is made of: recorded draws of every rung, by problem, and who drew them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from tts.backends.replay import SampleRow
from tts.equivalence import Equivalence
from tts.errors import BadInput
from tts.eval.recorded import read
from tts.eval.replay.columns import pool_of
from tts.eval.replay.gather import DEFAULT_TASK, gather
from tts.eval.replay.importers import import_rows
from tts.eval.replay.importers.read import kind_of
from tts.eval.replay.pool import Draws
from tts.eval.trace import reading
from tts.strategies.allocation.ladder import Signal
from tts.values import Problem


class Who(Struct, frozen=True, kw_only=True):
    """The model that drew, and what judged it; empty and None where a file does not say."""

    model: str = ""
    """Name and, where it is known, revision."""
    verifier: Any = None
    draw_flops: float | None = None
    """Of a token that is read or drawn."""
    score_flops: float | None = None
    """Of a token that the verifier reads."""


class Source(Struct, frozen=True, kw_only=True):
    """The recorded draws of one rung."""

    path: Path
    who: Who
    draws: Mapping[str, Draws]
    """By problem."""
    problems: Mapping[str, Problem] = field(default_factory=dict)


async def read_source(path: Path, equivalence: Equivalence, *, signal: Signal = "score") -> Source:
    """A pool or a ledger of one job and one model. Raises `BadInput` where it has more than one
    model, or none of what the signal looks at: scores, or answers that vote."""
    imported = await import_rows(path)
    rows = list(imported.rows)
    found = gather(rows, "")
    if len(found) != 1:
        names = ", ".join(found) or "none"
        raise BadInput(f"{path}: one model's draws are needed for a rung, and it holds {names}.")
    [model] = found
    problems = {row.problem_id: _problem(row) for row in rows if row.problem}
    pool = await pool_of(found[model], str(path), equivalence, lambda *_: None)
    unscored = sum(not one.scored.all() for one in pool)
    if signal == "agreement" and not pool.votes:
        raise BadInput(f"{path} has no answers to vote with.")
    if signal == "score" and unscored:
        raise BadInput(
            f"{path}: {unscored} of {len(pool.problems)} problems have draws without a score; "
            "a ladder is fitted to the scores of all of them, or to votes with --signal agreement."
        )
    who = _who(path) if kind_of(path) == "ledger" else Who(model=model)
    return Source(
        path=path, who=who, draws={one.problem_id: one for one in pool}, problems=problems
    )


def _problem(row: SampleRow) -> Problem:
    bin_ = int(row.level) if row.level.isdecimal() else None
    return Problem(
        id=row.problem_id,
        prompt=row.problem or "",
        answer=row.reference,
        task=row.task or DEFAULT_TASK,
        difficulty_bin=bin_,
    )


def _who(path: Path) -> Who:
    """What the ledger of one job says of its models."""
    manifest = read(path, "").manifest
    first = next(iter(manifest.models.values()), {})
    named = [first.get("name") or "", first.get("revision") or ""]
    rates: dict[str, float] = {}
    with reading(path, "") as reader:
        for use in reader.uses(reader.run_ids()[0]):
            spent = use.attributed
            if spent.flops and spent.tokens:
                rates.setdefault(use.role, spent.flops / spent.tokens)
    return Who(
        model=" ".join(filter(None, named)),
        verifier=manifest.verifier,
        draw_flops=rates.get("sample"),
        score_flops=rates.get("verify"),
    )
