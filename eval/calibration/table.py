"""A ladder on recorded draws: what it would answer and spend, for many problems at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from tts.backends.replay import order
from tts.errors import UsageError
from tts.eval.calibration.sources import Source
from tts.eval.replay.pool import Draws, Flags, Floats, Ints
from tts.strategies.allocation.difficulty import Difficulty, Feature
from tts.strategies.allocation.ladder import Ladder, Rung, Signal
from tts.strategies.parts.stopping import expected_gain


class Column(Struct, frozen=True, kw_only=True):
    """Draws of one model; arrays are (problems, orders, draws), orders of the same draws."""

    model: str
    greedy: bool
    scores: Floats
    keys: Floats
    """What the best is chosen by: ended with an answer, then ended, then the score."""
    answered: Flags
    """Whether a draw ended and states an answer."""
    correct: Flags
    tokens: Ints
    """Prompt and completion."""
    asked: Ints
    """The part of them that is prompt."""
    scoring: Ints
    """Of its verdict, if no equal text was judged before."""
    texts: Ints
    classes: Ints
    """Which class of equal answers a draw votes for, `NO_VOTE` for none."""
    draw_flops: float | None
    score_flops: float | None


OF_ALL = ("model", "greedy", "draw_flops", "score_flops")
"""What a column has once; everything else is an array over the problems."""


class Table(Struct, frozen=True, kw_only=True):
    """The rungs' columns over the same problems, greedy ones in the order of the ladder."""

    problems: tuple[str, ...]
    prompts: tuple[str, ...]
    columns: tuple[Column, ...]
    signal: Signal = "score"
    """What makes an answer acceptable."""
    useful: int = 0
    """Draws after which the selector's own curve turns down, and no ladder goes on; 0: it does not."""

    @property
    def draws(self) -> Column:
        """The column that is no greedy one."""
        return next(one for one in self.columns if not one.greedy)

    @property
    def lengths(self) -> Floats:
        return np.log1p(np.array([len(one) for one in self.prompts], dtype=np.float64))

    def part(self, places: Ints) -> Table:
        """Some of the problems."""
        names = [name for name in Column.__struct_fields__ if name not in OF_ALL]

        def cut(column: Column) -> Column:
            fields = {name: getattr(column, name) for name in column.__struct_fields__}
            return Column(**{n: v[places] if n in names else v for n, v in fields.items()})

        return Table(
            problems=tuple(self.problems[at] for at in places),
            prompts=tuple(self.prompts[at] for at in places),
            columns=tuple(map(cut, self.columns)),
            signal=self.signal,
            useful=self.useful,
        )


class Climbed(Struct, frozen=True, kw_only=True):
    """What a ladder did; each array is (problems, orders)."""

    right: Flags
    tokens: Ints
    rescored: Ints
    """The same if equal texts were scored again."""
    flops: Floats | None
    accepted: Flags
    score: Floats
    """Of the answer."""
    drawn: Ints

    @property
    def accuracy(self) -> Floats:
        """By problem."""
        return np.asarray(self.right.mean(axis=1))

    @property
    def cost(self) -> Floats:
        """Tokens by problem."""
        return np.asarray(self.tokens.mean(axis=1))


def table(
    rungs: Sequence[tuple[str, Source]],
    draws: Source,
    *,
    n: int,
    orders: int,
    signal: Signal = "score",
) -> Table:
    """The problems that every source has, `n` draws of each in so many orders.

    Raises `UsageError` where there is none.
    """
    shared = [name for name in draws.draws if all(name in one.draws for _, one in rungs)]
    kept = [name for name in shared if draws.draws[name].n >= n and name in draws.problems]
    if not kept:
        raise UsageError(
            f"{draws.path}: no problem has {n} draws, its text, and a draw of every rung: lower --n, "
            "or record the same problems for all of them."
        )
    columns = [_column(model, True, source, kept, 1, orders) for model, source in rungs]
    columns.append(_column("default", False, draws, kept, n, orders))
    return Table(
        problems=tuple(kept),
        prompts=tuple(draws.problems[name].prompt for name in kept),
        columns=tuple(columns),
        signal=signal,
    )


def _column(
    model: str, greedy: bool, source: Source, names: Sequence[str], n: int, orders: int
) -> Column:
    ordered = [[_first(source.draws[name], n, turn) for turn in range(orders)] for name in names]

    def stack(field: str) -> NDArray[Any]:
        return np.array([[getattr(one, field) for one in some] for some in ordered])

    finished, answered = stack("finished"), stack("answered")
    scores = np.asarray(stack("scores"), dtype=np.float64)
    return Column(
        model=model,
        greedy=greedy,
        scores=scores,
        keys=scores + 2.0 * finished + 2.0 * (finished & answered),
        answered=np.asarray(finished & answered, dtype=np.bool_),
        correct=np.asarray(stack("correct"), dtype=np.bool_),
        tokens=np.asarray(stack("prompts") + stack("tokens"), dtype=np.int64),
        asked=np.asarray(stack("prompts"), dtype=np.int64),
        scoring=np.asarray(stack("score_tokens"), dtype=np.int64),
        texts=np.asarray(stack("texts"), dtype=np.int64),
        classes=np.asarray(stack("classes"), dtype=np.int64),
        draw_flops=source.who.draw_flops,
        score_flops=source.who.score_flops,
    )


def _first(draws: Draws, n: int, turn: int) -> Draws:
    return draws.order(order(draws.problem_id, draws.n, turn)[:n])


class _State:
    """Where every climb stands."""

    def __init__(self, shape: tuple[int, ...], flops: bool) -> None:
        self.open = np.ones(shape, dtype=np.bool_)
        self.right = np.zeros(shape, dtype=np.bool_)
        self.accepted = np.zeros(shape, dtype=np.bool_)
        self.key = np.full(shape, -1.0)
        self.best, self.score = np.zeros(shape), np.zeros(shape)
        self.total, self.answered = np.zeros(shape), np.zeros(shape)
        self.drawn = np.zeros(shape, dtype=np.int64)
        self.tokens = np.zeros(shape, dtype=np.int64)
        self.rescored = np.zeros(shape, dtype=np.int64)
        self.flops = np.zeros(shape) if flops else None
        self.texts: list[tuple[Flags, Ints]] = []

    def take(self, column: Column, k: int, now: Flags) -> None:
        """Draw the k-th of a column where `now`."""
        text = column.texts[..., k]
        known = np.zeros_like(now)
        for taken, seen in self.texts:
            known |= taken & (seen == text)
        scoring = np.where(known, 0, column.scoring[..., k])
        self.texts.append((now, text))
        self.tokens += np.where(now, column.tokens[..., k] + scoring, 0)
        self.rescored += np.where(now, column.tokens[..., k] + column.scoring[..., k], 0)
        if self.flops is not None:
            rates = (column.draw_flops or 0.0, column.score_flops or 0.0)
            self.flops += now * (column.tokens[..., k] * rates[0] + scoring * rates[1])
        score, better = column.scores[..., k], now & (column.keys[..., k] > self.key)
        self.key = np.where(better, column.keys[..., k], self.key)
        self.right = np.where(better, column.correct[..., k], self.right)
        self.score = np.where(better, score, self.score)
        self.best = np.where(now, np.maximum(self.best, score), self.best)
        self.total += now * score
        self.answered += now & column.answered[..., k]
        self.drawn += now

    def stops(self, rung: Rung, column: Column, k: int) -> tuple[Flags, Flags]:
        """By the k-th draw: which are accepted, and which end in any way."""
        none = np.zeros_like(self.open)
        content = none
        if rung.accept is not None:
            content = (column.scores[..., k] >= rung.accept) & column.answered[..., k]
        hopeless, enough = none, none
        if rung.abandon:
            hopeless = (self.drawn >= rung.patience) & (self.best < rung.abandon)
        if rung.worth:
            enough = expected_gain(self.best, self.drawn) <= rung.worth
        return content, content | hopeless | enough

    def bins(self, difficulty: Difficulty, lengths: Floats) -> Ints:
        """The predicted bin of every climb, as `Difficulty.bin` has it of one."""
        drawn = np.maximum(self.drawn, 1)
        sight: dict[Feature, Floats] = {
            "constant": np.ones_like(self.best),
            "best": self.best,
            "mean": self.total / drawn,
            "agreement": np.zeros_like(self.best),
            "answered": self.answered / drawn,
            "length": np.broadcast_to(lengths[:, None], self.best.shape),
        }
        weights = difficulty.weights.items()
        total = sum((weight * sight[name] for name, weight in weights), np.zeros_like(self.best))
        hopes = 1 / (1 + np.exp(-np.clip(total, -30.0, 30.0)))
        return np.asarray(difficulty.bins - np.searchsorted(difficulty.edges, hopes, side="right"))


def walk(found: Table, ladder: Ladder) -> Climbed:
    """What the ladder answers and spends, problem by problem and order by order.

    The same rules as `tts.strategies.allocation.ladder.climb`, over arrays; selection is by the best
    score. A rung of draws ends at the end of the batch in which a rule holds.
    """
    first = found.columns[0]
    known = all(one.draw_flops and one.score_flops for one in found.columns)
    state = _State(first.scores.shape[:2], known)
    bins: Ints | None = None
    for rung in ladder.rungs:
        column = _column_of(found, rung)
        mine = state.open
        if rung.bins and ladder.difficulty is not None:
            bins = state.bins(ladder.difficulty, found.lengths) if bins is None else bins
            mine = state.open & np.isin(bins, rung.bins)
        _climb(state, rung, column, mine)
    return Climbed(
        right=state.right,
        tokens=state.tokens,
        rescored=state.rescored,
        flops=state.flops,
        accepted=state.accepted,
        score=state.score,
        drawn=state.drawn,
    )


def _climb(state: _State, rung: Rung, column: Column, mine: Flags) -> None:
    going, ending, ended = mine.copy(), np.zeros_like(mine), np.zeros_like(mine)
    most = min(rung.n, column.scores.shape[2])
    for k in range(most):
        state.take(column, k, going)
        content, over = state.stops(rung, column, k)
        state.accepted |= going & content
        ending |= going & over
        if (k + 1) % rung.batch == 0 or k + 1 == most:
            ended |= ending
            going = going & ~ending
            if not going.any():
                break
    state.open = state.open & ~ended


def _column_of(found: Table, rung: Rung) -> Column:
    if rung.temperature == 0:
        return next(one for one in found.columns if one.greedy and one.model == rung.model)
    return found.draws
