"""`tts calibrate`: recorded draws to a policy file, or a policy judged on recorded draws."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, get_args

from rich.text import Text

from tts.cli.exits import run
from tts.cli.screen import Screen, json_text, write_out
from tts.errors import BadInput, UsageError
from tts.eval.calibration import Wanted, calibrate, summary_lines
from tts.eval.calibration.fit import BinKind, CostName
from tts.eval.problems import canonical


def run_calibration(
    draws: Path,
    rungs: Sequence[str],
    out: Path,
    *,
    as_json: bool,
    held_out: Path | None = None,
    **how: Any,
) -> None:
    """Fit and write, or judge; raises with one line for what cannot be."""
    wanted = wanted_of(draws, rungs, **how)
    found = run(calibrate(wanted))
    if as_json:
        write_out(json_text(found.policy.model_dump(mode="json")))
    else:
        console = Screen()
        for line in summary_lines(found):
            console.print(Text(line))
    if wanted.policy is None:
        _written(out, found.policy.write)
        if held_out is not None:
            _written(held_out, lambda path: path.write_text(canonical(found.held_out), "utf-8"))
        if not as_json:
            Screen().print(Text(f"wrote {out}: --strategy 'compute_optimal(policy={out})'"))


def _written(path: Path, write: Callable[[Path], object]) -> None:
    try:
        write(path)
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}.") from error


def wanted_of(draws: Path, rungs: Sequence[str], **how: Any) -> Wanted:
    """The flags as values; `UsageError` names the one that is wrong."""
    named: list[tuple[str, Path]] = []
    for text in rungs:
        name, equals, path = text.partition("=")
        if not equals or not name.strip() or not path.strip():
            raise UsageError(f"--rung takes MODEL=FILE, such as large=large.db, not {text!r}.")
        if name.strip() in dict(named):
            raise UsageError(f"--rung {name.strip()} is given twice: a ladder asks greedily once.")
        named.append((name.strip(), Path(path.strip())))
    if how["n"] < 2 or how["orders"] < 1:
        raise UsageError("--n is at least 2, and --orders at least 1.")
    if not 0 <= how["margin"] < 1:
        raise UsageError(
            f"--margin is a share of right answers, 0.01 is one point, not {how['margin']}."
        )
    if how["bins"] not in get_args(BinKind):
        raise UsageError(f"--bins is one of {', '.join(get_args(BinKind))}, not {how['bins']!r}.")
    if how["cost"] not in get_args(CostName):
        raise UsageError(f"--cost is one of {', '.join(get_args(CostName))}, not {how['cost']!r}.")
    return Wanted(draws=draws, rungs=tuple(named), **how)
