"""From recorded draws to a policy: read, part, fit, judge."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from tts.equivalence import Equivalence
from tts.errors import BadInput, UsageError
from tts.eval.calibration.fit import BinKind, CostName, choose, control, peak, target_name
from tts.eval.calibration.judge import judge
from tts.eval.calibration.sources import Source, read_source
from tts.eval.calibration.table import Table, table
from tts.eval.replay.pool import Ints
from tts.strategies.allocation.ladder import Signal
from tts.strategies.allocation.policy import (
    Interval,
    Peak,
    Policy,
    Split,
    prompt_digest,
    read_policy,
)
from tts.values import Problem

FEWEST = 40
"""Problems in each of the three parts at least; with fewer nothing is told apart."""


class Wanted(Struct, frozen=True, kw_only=True):
    """What a policy is to be fitted to, and how."""

    draws: Path
    """Several scored draws a problem of the default model: a pool, or a ledger of one job."""
    rungs: tuple[tuple[str, Path], ...] = ()
    """Models by name, each with one greedy, scored draw a problem, in the order of the ladder."""
    n: int = 16
    """The target: uniform best-of-n."""
    margin: float = 0.01
    """Accuracy that may be lost to it, for sure, on the calibration problems."""
    signal: Signal = "score"
    """What is looked at: scores, or how surely the vote is led, which asks no verifier."""
    bins: BinKind = "none"
    cost: CostName = "tokens"
    orders: int = 4
    """Orders of each problem's draws."""
    seed: int = 0
    """Of the parts."""
    policy: Path | None = None
    """Judge this policy on the recorded problems instead of fitting one."""


class Calibration(Struct, frozen=True, kw_only=True):
    """A fitted policy, and what was left out of the record."""

    policy: Policy
    uniform: int
    """Draws of the control."""
    left_out: int
    """Problems that some rung has no draws for, or too few."""
    held_out: tuple[Problem, ...] = ()
    """Those that judged: others may be judged by them as well."""
    notes: tuple[str, ...] = ()
    """What else was left out, in sentences."""


async def calibrate(wanted: Wanted) -> Calibration:
    """Fit on one half of the problems and judge on the other, or judge a policy that there is.

    The fitting half is parted again: each of its parts judges what the other one fitted, which says
    what a token may be worth; the ladder of that price is fitted to both. Raises `BadInput` or `UsageError` in one sentence.
    """
    if wanted.signal == "agreement" and (wanted.rungs or wanted.bins != "none"):
        raise UsageError(
            "A vote is fitted to the draws of one model, without --rung and --bins: tts cascade goes "
            "from model to model by agreement, and --budget chooses among settings."
        )
    async with Equivalence() as equivalence:
        draws = await read_source(wanted.draws, equivalence, signal=wanted.signal)
        rungs = [(name, await read_source(path, equivalence)) for name, path in wanted.rungs]
    found = table(rungs, draws, n=wanted.n, orders=wanted.orders, signal=wanted.signal)
    left_out = len(draws.draws) - len(found.problems)
    if wanted.policy is not None:
        policy = _judged(read_policy(wanted.policy), found, wanted, draws)
        return Calibration(policy=policy, uniform=wanted.n, left_out=left_out)
    parts = parts_of(len(found.problems), wanted.seed)
    fitting = np.concatenate([parts["train"], parts["calibration"]])
    turn = peak(found.part(fitting), wanted.n, seed=wanted.seed)
    if turn.turns:
        found = replace(found, useful=turn.n)
    train, check, last = (found.part(places) for places in parts.values())
    both = found.part(fitting)
    fitted = choose(
        (train, check), both, n=wanted.n, margin=wanted.margin, bins=wanted.bins, cost=wanted.cost
    )
    uniform = control(both, n=wanted.n, margin=wanted.margin)
    policy = Policy(
        ladder=fitted.ladder,
        models={name: one.who.model for name, one in [("default", draws), *rungs]},
        verifier=draws.who.verifier if wanted.signal == "score" else None,
        target=target_name(wanted.n, wanted.signal),
        price=fitted.price,
        cost=wanted.cost,
        margin=wanted.margin,
        problems={
            name: tuple(prompt_digest(found.prompts[at]) for at in places)
            for name, places in parts.items()
        },
        peak=Peak(
            n=turn.n,
            low=turn.low,
            high=turn.high,
            most=turn.most,
            gain=Interval(value=turn.gain.value, low=turn.gain.low, high=turn.gain.high),
        ),
        held_out=judge(last, fitted.ladder, n=wanted.n, uniform=uniform, seed=wanted.seed),
    )
    judges = tuple(draws.problems[name] for name in last.problems)
    return Calibration(policy=policy, uniform=uniform, left_out=left_out, held_out=judges)


def parts_of(n: int, seed: int) -> dict[Split, Ints]:
    """A quarter, a quarter and a half of `n` problems, at random by the seed."""
    if n < 4 * FEWEST:
        raise UsageError(
            f"{n} problems have draws for every rung or setting: {4 * FEWEST} are the fewest that can "
            "be parted into those that fit, those that check and those that judge."
        )
    places = np.random.default_rng(seed).permutation(n)
    train, held, last = np.split(places, [n // 4, n // 2])
    return {"train": train, "calibration": held, "held_out": last}


def _judged(policy: Policy, found: Table, wanted: Wanted, draws: Source) -> Policy:
    """The policy with what it does on these problems; `UsageError` where it knows some of them."""
    shown = zip(found.problems, found.prompts, strict=True)
    policy.refuse_problems(Problem(id=name, prompt=text) for name, text in shown)
    known = policy.models.get("default", "")
    if known and draws.who.model and known != draws.who.model:
        raise UsageError(
            f"The policy was fitted with {known!r}, and {wanted.draws} holds draws of "
            f"{draws.who.model!r}."
        )
    there = {"default", *(name for name, _ in wanted.rungs)}
    if lacking := [name for name in policy.ladder.models if name not in there]:
        raise BadInput(f"The policy asks model {lacking[0]!r}: give --rung {lacking[0]}=FILE.")
    if policy.ladder.signal != wanted.signal:
        raise UsageError(
            f"The policy looks at {policy.ladder.signal}: give --signal {policy.ladder.signal}."
        )
    if any(rung.strategy for rung in policy.ladder.rungs):
        raise UsageError("A rung of the policy is a whole strategy, which draws cannot tell of.")
    judged = judge(found, policy.ladder, n=wanted.n, uniform=wanted.n, seed=wanted.seed)
    return policy.model_copy(update={"held_out": judged})
