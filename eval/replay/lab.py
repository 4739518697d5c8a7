"""The replay lab: recorded draws of several models under several rules, in one comparison."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Literal

from msgspec import Struct, field
from msgspec.structs import replace

from tts.budget import PriceTable
from tts.errors import BadInput, UsageError
from tts.eval.grading import grading
from tts.eval.replay.columns import Notice, quiet
from tts.eval.replay.crossfit import CrossFitted, cross_fitted
from tts.eval.replay.curves import CurvePoint, best_of, curve
from tts.eval.replay.files import graded_pools, prices_of, read_rows, tasks_of
from tts.eval.replay.gather import Gathered
from tts.eval.replay.importers import Fields
from tts.eval.replay.measures import Measures, Oracles, measures, oracles
from tts.eval.replay.plan import MOST, Plan
from tts.eval.replay.pool import Pool
from tts.eval.replay.replayed import ORDERS, Replayed, lacking, replayed
from tts.eval.replay.turning import Turning, sizes_tried, turning
from tts.eval.statistics import Estimate
from tts.values import Budget, Problem

Check = Callable[[Sequence[Gathered]], None]
"""Raises where what was read is not what was wanted."""


class Asked(Struct, frozen=True, kw_only=True):
    """What is to be replayed."""

    sources: tuple[str, ...]
    """`FILE`, or `FILE#MODEL`."""
    tasks: tuple[str, ...] = ()
    """`NAME`, or `FILE=NAME`."""
    ks: tuple[int, ...] = ()
    """Of the curves; empty: powers of two."""
    plans: tuple[Plan, ...] = ()
    budgets: tuple[tuple[str, Budget | None], ...] = (("", None),)
    orders: int = ORDERS
    seed: int = 0
    prices: Path | None = None
    problems: tuple[Problem, ...] = ()
    """Texts and references of rows that lack them."""
    fields: Fields = field(default_factory=dict)
    """What files call what the layout has."""
    fit: int | None = None
    """Cross-fit a score threshold for best of so many."""
    measures: bool = False
    """Also what the draws say of model and verifier."""


class Setting(Struct, frozen=True, kw_only=True):
    """One model at one effort: its curve, and the rules that were replayed on its draws."""

    name: str
    source: str
    task: str
    problems: int
    draws: int
    fewest: int
    most: int
    curve: tuple[CurvePoint, ...]
    turning: Turning | None
    """Where best of k is highest; None: there are no scores, or a single draw."""
    rules: tuple[Replayed, ...]
    fitted: CrossFitted | None
    """Best of n that stops at a score learnt on other problems, where it was asked for."""
    measures: Measures | None
    """What the draws say of model and verifier, where that was asked for."""
    notes: tuple[str, ...]


Cost = Literal["dollars", "tokens"]


class FrontierPoint(Struct, frozen=True, kw_only=True):
    """A way to answer that no other one beats at equal or lower cost."""

    setting: str
    label: str
    cost: float
    accuracy: Estimate


class LabReport(Struct, frozen=True, kw_only=True):
    """Everything that the terminal and `--json` show."""

    settings: tuple[Setting, ...]
    cost: Cost
    """What the frontier is over: dollars, unless no price is known."""
    frontier: tuple[FrontierPoint, ...]
    oracles: Oracles | None
    """What hindsight would gain over the best model, where that was asked for of several."""
    notes: tuple[str, ...]


async def lab(asked: Asked, notice: Notice = quiet) -> LabReport:
    """Read, replay, compare. Raises `BadInput`, `UnknownName` or `UsageError` in one sentence."""
    pools = await pools_asked(asked, notice)
    _refuse(pools, asked)
    settings = [_setting(pool, asked) for pool in pools]
    costs: tuple[Cost, ...] = ("dollars", "tokens")
    points = {unit: list(_points(settings, unit)) for unit in costs}
    cost: Cost = "dollars" if any(one.cost for one in points["dollars"]) else "tokens"
    return LabReport(
        settings=tuple(settings),
        cost=cost,
        frontier=tuple(frontier(points[cost])),
        oracles=oracles(pools) if asked.measures else None,
        notes=tuple(_notes(settings, cost)),
    )


async def pools_asked(
    asked: Asked, notice: Notice = quiet, *, before: Check = lambda _: None
) -> list[Pool]:
    """The pools of all sources, named apart. All files are read before the first is graded, and
    `before` may refuse what they hold. Raises `BadInput` or `UnknownName`."""
    dollars_of = prices_of(PriceTable.load(asked.prices))
    tasks = tasks_of(asked.sources, asked.tasks)
    pools: list[Pool] = []
    files = [
        await read_rows(source, task=tasks[source], problems=asked.problems, fields=asked.fields)
        for source in asked.sources
    ]
    before([one for held in files for one in held.models])
    async with grading() as equivalence:
        for held in files:
            pools += await graded_pools(
                held, dollars_of=dollars_of, equivalence=equivalence, notice=notice
            )
    return _told_apart(pools)


def _told_apart(pools: Sequence[Pool]) -> list[Pool]:
    """A model that several files hold is named with its file in each; `BadInput` where one file
    gives it twice."""
    places = Counter((pool.setting, pool.source) for pool in pools)
    if twice := [setting for (setting, _), count in places.items() if count > 1]:
        raise BadInput(f"Model {twice[0]!r} of one file is named twice: leave one out.")
    names = Counter(pool.setting for pool in pools)
    return [
        replace(pool, setting=f"{pool.setting} in {pool.source}")
        if names[pool.setting] > 1
        else pool
        for pool in pools
    ]


def _setting(pool: Pool, asked: Asked) -> Setting:
    """A strategy that this pool cannot tell of is a note: others may."""
    lacks = {(plan.label, at): lacking(pool, plan, cap) for plan, at, cap in _cells(asked)}
    fit = asked.fit if pool.scored else None
    points = curve(pool, asked.ks, seed=asked.seed)
    return Setting(
        name=pool.setting,
        source=pool.source,
        task=pool.task,
        problems=len(pool.problems),
        draws=pool.draws,
        fewest=pool.fewest,
        most=pool.most,
        curve=points,
        turning=_turning(pool, asked.seed),
        rules=tuple(
            replayed(pool, plan, orders=asked.orders, budget=budget, label=label, seed=asked.seed)
            for plan, label, budget in _cells(asked)
            if not lacks[plan.label, label]
        ),
        fitted=cross_fitted(pool, fit, orders=asked.orders) if fit else None,
        measures=measures(pool, orders=asked.orders) if asked.measures else None,
        notes=(
            *pool.notes,
            *dict.fromkeys(filter(None, lacks.values())),
            *_scarce(pool, points, asked),
        ),
    )


def _turning(pool: Pool, seed: int) -> Turning | None:
    if not pool.scored or pool.fewest < 2:
        return None
    sizes = sizes_tried(pool.fewest)
    return turning(best_of(pool, sizes), sizes, seed=seed)


def _cells(asked: Asked) -> list[tuple[Plan, str, Budget | None]]:
    """Every plan under every budget."""
    return [(plan, label, cap) for plan in asked.plans for label, cap in asked.budgets]


def _scarce(pool: Pool, points: Sequence[CurvePoint], asked: Asked) -> Iterable[str]:
    """Where fewer draws are recorded than a point or a strategy asks for."""
    if beyond := [str(k) for k in sorted(set(asked.ks)) if k > pool.most]:
        yield f"k = {', '.join(beyond)}: no problem has more than {pool.most} draws."
    of = len(pool.problems)
    for point in points:
        if point.n < of:
            have = f"{point.n} of {of} problems have so many draws"
            yield f"k = {point.k}: {have}; its row is theirs alone, and not on the frontier."
    told = [plan for plan in asked.plans if plan.n != MOST and not lacking(pool, plan)]
    wanted = {plan.label: plan.n for plan in told}
    if asked.fit and pool.scored:
        wanted[f"--fit {asked.fit}"] = asked.fit
    for label, n in wanted.items():
        if short := sum(one.n < n for one in pool):
            yield f"{label}: {short} of {of} problems have fewer than {n} draws, and one {pool.fewest}."


def _refuse(pools: Sequence[Pool], asked: Asked) -> None:
    """Raise where no model's draws can tell of a strategy, or have the scores of a threshold."""
    for plan, _, budget in _cells(asked):
        told = [lacking(pool, plan, budget) for pool in pools]
        if all(told):
            raise UsageError(told[0])
    if asked.fit and not any(pool.scored for pool in pools):
        raise UsageError(f"--fit: {pools[0].source} has no scores for {pools[0].setting!r}.")


def _points(settings: Iterable[Setting], cost: Cost) -> Iterable[FrontierPoint]:
    """What could really be done: single draws, votes, selections by score, and the rules."""
    for setting in settings:
        for label, amount, accuracy in _ways(setting, cost):
            if amount is not None and accuracy is not None:
                yield FrontierPoint(
                    setting=setting.name, label=label, cost=amount, accuracy=accuracy
                )


def _ways(setting: Setting, cost: Cost) -> Iterable[tuple[str, float | None, Estimate | None]]:
    """A point that not every problem has draws for is compared with none that all have."""
    for point in setting.curve:
        if point.n < setting.problems:
            continue
        plain, scored = point.dollars, point.dollars
        if cost == "tokens":
            plain, scored = point.tokens, point.tokens + point.score_tokens
        if point.k == 1:
            yield "1 draw", plain, point.passed
        else:
            yield f"majority of {point.k}", plain, point.majority
            yield f"best of {point.k}", scored, point.best
    for rule in setting.rules:
        label = f"{rule.label}, {rule.budget}" if rule.budget else rule.label
        tokens = rule.tokens + rule.score_tokens
        yield label, rule.dollars if cost == "dollars" else tokens, rule.accuracy


def frontier(points: Iterable[FrontierPoint]) -> list[FrontierPoint]:
    """The points that no other one beats at equal or lower cost, cheapest first."""
    found: list[FrontierPoint] = []
    for point in sorted(points, key=lambda one: (one.cost, -one.accuracy.value)):
        if not found or point.accuracy.value > found[-1].accuracy.value:
            found.append(point)
    return found


def _notes(settings: Sequence[Setting], cost: Cost) -> Iterable[str]:
    unpriced = [one.name for one in settings if one.curve and one.curve[0].dollars is None]
    if unpriced and cost == "dollars":
        yield (
            f"The price of {len(unpriced)} of {len(settings)} models is unknown, {unpriced[0]!r}"
            " first: they are not on the frontier. --prices FILE tells it."
        )
    if len({one.problems for one in settings}) > 1:
        yield "The models were not all asked the same problems: compare them with care."
