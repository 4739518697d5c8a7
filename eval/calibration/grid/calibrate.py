"""From recorded comparisons to a policy of whole settings: read, part, choose, judge."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from msgspec import Struct

from tts.errors import UsageError
from tts.eval.calibration.calibrate import Calibration, parts_of
from tts.eval.calibration.grid.choose import BinKind, Fit, Wish, choose
from tts.eval.calibration.grid.judge import judge, measured
from tts.eval.calibration.grid.options import DRAWS, CostName, Grid, Option
from tts.eval.calibration.grid.read import read_grid
from tts.strategies.allocation.ladder import Ladder, Rung
from tts.strategies.allocation.policy import GridFit, Policy, prompt_digest, read_policy


class GridWanted(Struct, frozen=True, kw_only=True):
    """Which settings a policy is to choose from, and what a problem may cost."""

    files: tuple[tuple[str, Path], ...]
    """Ledgers of comparisons by the name of their model; the first is `default`."""
    unit: CostName = "tokens"
    wish: Wish
    bins: BinKind = "snell"
    probe: str = ""
    """The strategy whose draws tell the difficulty; empty: the cheapest that draws and chooses."""
    seed: int = 0
    policy: Path | None = None
    """Judge this policy on the recorded problems instead of choosing one."""


async def calibrate_grid(wanted: GridWanted) -> Calibration:
    """Choose on one half of the problems and judge on the other, or judge a policy that there is.

    Raises `BadInput` or `UsageError` in one sentence.
    """
    grid = await read_grid(wanted.files, wanted.unit, probe=wanted.probe)
    if wanted.policy is not None:
        policy = _judged(read_policy(wanted.policy), grid, wanted)
        return Calibration(policy=policy, uniform=0, left_out=grid.left_out, notes=grid.notes)
    places = parts_of(len(grid.problems), wanted.seed)
    train, check, last = (grid.part(part) for part in places.values())
    both = grid.part(np.concatenate([places["train"], places["calibration"]]))
    found = choose((train, check), both, wanted.wish, wanted.bins)
    ladder = ladder_of(grid, found)
    asked = {rung.model for rung in ladder.rungs}
    policy = Policy(
        ladder=ladder,
        models={name: told for name, told in grid.models.items() if name in asked},
        verifier=grid.verifier if ladder.scored or _scored(grid, found) else None,
        target=grid.options[found.fixed].label,
        price=wanted.wish.price or 0.0,
        cost=wanted.unit,
        margin=0.0,
        problems={
            name: tuple(prompt_digest(grid.problems[at].prompt) for at in part)
            for name, part in places.items()
        },
        grid=GridFit(
            budget=wanted.wish.budget,
            choice=tuple(grid.options[at].label for at in found.choice),
            fixed=grid.options[found.fixed].label,
            measured=tuple(measured(both, found, seed=wanted.seed)),
            held_out=judge(last, found, both, wanted.wish, seed=wanted.seed),
        ),
    )
    return Calibration(
        policy=policy,
        uniform=0,
        left_out=grid.left_out,
        held_out=last.problems,
        notes=grid.notes,
    )


def _scored(grid: Grid, found: Fit) -> bool:
    return any(grid.options[at].scored for at in found.choice)


def ladder_of(grid: Grid, found: Fit) -> Ladder:
    """The setting for all, or the draws that tell the difficulty and what follows them in each bin."""
    if found.difficulty is None or grid.probe is None:
        [only] = found.choice
        option = grid.options[only]
        return Ladder(rungs=(option.rung,), signal="score" if option.scored else "agreement")
    first = grid.probe.option
    return Ladder(
        rungs=(_draws(first, first.draws, ()), *_following(grid, found, first)),
        signal="score" if first.scored else "agreement",
        difficulty=found.difficulty,
    )


def _following(grid: Grid, found: Fit, first: Option) -> Iterator[Rung]:
    """One rung for each setting that is chosen; nothing where the first draws are enough."""
    for at in dict.fromkeys(found.choice):
        option = grid.options[at]
        bins = tuple(place for place, one in enumerate(found.choice, start=1) if one == at)
        if option.label == first.label:
            continue
        if option.goes_on(first):
            yield _draws(option, option.draws - first.draws, bins)
        else:
            yield option.rung.model_copy(update={"bins": bins})


def _draws(option: Option, n: int, bins: tuple[int, ...]) -> Rung:
    """So many draws of a setting that draws and chooses, as part of a climb."""
    own = option.rung
    return Rung(
        model=own.model,
        temperature=own.temperature,
        sampling=own.sampling,
        n=n,
        batch=n,
        bins=bins,
        select=DRAWS[own.strategy],
        aggregate=own.parameters.get("aggregate") or None,
    )


def _judged(policy: Policy, grid: Grid, wanted: GridWanted) -> Policy:
    """The policy with what it does on these problems; `UsageError` where it knows some of them."""
    told = policy.grid
    if told is None:
        raise UsageError(
            "The policy chooses between no settings: judge it on draws, without --grid and --budget."
        )
    policy.refuse_problems(grid.problems)
    policy.refuse_models(grid.models, grid.verifier if policy.verifier is not None else None)
    labels = [one.label for one in grid.options]
    if missing := [one for one in (*told.choice, told.fixed) if one not in labels]:
        raise UsageError(f"No record here holds the policy's setting {missing[0]}.")
    found = Fit(
        choice=tuple(labels.index(one) for one in told.choice),
        difficulty=policy.ladder.difficulty,
        fixed=labels.index(told.fixed),
    )
    held = judge(grid, found, None, wanted.wish, seed=wanted.seed)
    return policy.model_copy(update={"grid": told.model_copy(update={"held_out": held})})
