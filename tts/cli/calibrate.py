"""`tts calibrate`: recorded draws or runs to a policy file, or a policy judged on recorded ones."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, get_args

from msgspec.structs import asdict
from rich.text import Text

from tts.cli.exits import run
from tts.cli.screen import Screen, json_text, write_out
from tts.engine import parse_budget
from tts.errors import BadInput, UsageError
from tts.eval.calibration import Calibration, Wanted, calibrate, summary_lines
from tts.eval.calibration.fit import BinKind, CostName
from tts.eval.calibration.grid import GridWanted, Wish, calibrate_grid
from tts.eval.problems import canonical
from tts.strategies.allocation.ladder import Signal
from tts.strategies.allocation.policy import Cost
from tts.values import NANO


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
    _told(calibrate(wanted), out, wanted.policy, held_out, as_json=as_json)


def run_grid(
    first: Path,
    files: Sequence[str],
    out: Path,
    *,
    as_json: bool,
    held_out: Path | None = None,
    **how: Any,
) -> None:
    """Choose among whole settings, or judge such a choice; raises with one line."""
    wanted = grid_of(first, files, **how)
    _told(calibrate_grid(wanted), out, wanted.policy, held_out, as_json=as_json)


def _told(
    calibrating: Coroutine[Any, Any, Calibration],
    out: Path,
    policy: Path | None,
    held_out: Path | None,
    *,
    as_json: bool,
) -> None:
    found = run(calibrating)
    if as_json:
        write_out(json_text(found.policy.model_dump(mode="json")))
    else:
        console = Screen()
        for line in summary_lines(found):
            console.print(Text(line))
    if policy is None:
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
    named = _named(rungs, "--rung")
    if doubled := [name for at, (name, _) in enumerate(named) if name in dict(named[:at])]:
        raise UsageError(f"--rung {doubled[0]} is given twice: a ladder asks greedily once.")
    how = {**how, "bins": how["bins"] or "none", "cost": how["cost"] or "tokens"}
    if how["n"] < 2 or how["orders"] < 1:
        raise UsageError("--n is at least 2, and --orders at least 1.")
    if not 0 <= how["margin"] < 1:
        raise UsageError(
            f"--margin is a share of right answers, 0.01 is one point, not {how['margin']}."
        )
    _one_of("--bins", how["bins"], get_args(BinKind))
    _one_of("--cost", how["cost"], get_args(CostName))
    _one_of("--signal", how["signal"], get_args(Signal))
    return Wanted(draws=draws, rungs=tuple(named), **how)


def grid_of(
    first: Path,
    files: Sequence[str],
    *,
    rungs: Sequence[str],
    budget: str,
    price: float | None,
    bins: str,
    cost: str,
    **how: Any,
) -> GridWanted:
    """The flags as values; `UsageError` names the one that is wrong."""
    if rungs:
        raise UsageError("--rung is for a ladder of draws: give its file as --grid MODEL=FILE.")
    named, (unit, wish) = _named(files, "--grid"), _wish(budget, price, cost)
    if how["policy"] is not None and not budget and price is None:
        wish = Wish(price=0.0)
    elif wish == Wish():
        raise UsageError("Say what a problem may cost: --budget '2k tokens', or --price 1e-5.")
    return GridWanted(
        files=(("default", first), *named),
        unit=unit,
        wish=wish,
        bins=_one_of("--bins", bins or "snell", get_args(BinKind)),
        **how,
    )


def _wish(budget: str, price: float | None, cost: str) -> tuple[Cost, Wish]:
    """What is paid in, and how much."""
    unit: Cost = _one_of("--cost", cost or "tokens", get_args(Cost))
    if budget and price is not None:
        raise UsageError("--budget and --price say the same twice: leave one out.")
    if price is not None and not 0 <= price < float("inf"):
        raise UsageError(f"--price is accuracy that a unit is worth, 0 and more, not {price}.")
    if not budget:
        return unit, Wish(price=price)
    caps = {
        name: value for name, value in asdict(parse_budget(budget)).items() if value is not None
    }
    if "nanodollars" in caps:
        caps["dollars"] = caps.pop("nanodollars") / NANO
    [named, *others] = caps
    if others or named not in get_args(Cost):
        raise UsageError(f"--budget is one amount in {', '.join(get_args(Cost))}, not {budget!r}.")
    if cost and cost != named:
        raise UsageError(f"--budget is in {named} and --cost in {cost}: leave --cost out.")
    if not caps[named] > 0:
        raise UsageError(f"--budget is above 0, not {budget!r}.")
    return _one_of("--budget", named, get_args(Cost)), Wish(budget=float(caps[named]))


def _named(texts: Sequence[str], flag: str) -> list[tuple[str, Path]]:
    """MODEL=FILE, as values."""
    named: list[tuple[str, Path]] = []
    for text in texts:
        name, equals, path = text.partition("=")
        if not equals or not name.strip() or not path.strip():
            raise UsageError(f"{flag} takes MODEL=FILE, such as large=large.db, not {text!r}.")
        named.append((name.strip(), Path(path.strip())))
    return named


def _one_of(flag: str, name: str, known: Sequence[Any]) -> Any:
    if name not in known:
        raise UsageError(f"{flag} is one of {', '.join(known)}, not {name!r}.")
    return name
