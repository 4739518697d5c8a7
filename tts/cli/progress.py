"""How a comparison stands while it runs: a table on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterable
from itertools import islice
from types import TracebackType
from typing import Self

from rich.console import Group
from rich.live import Live
from rich.text import Text

from tts.cli.exits import UNANSWERED
from tts.cli.screen import Screen, one_line
from tts.engine.fewer_collections import fewer_collections
from tts.eval.attempts import Attempt
from tts.eval.comparison import Comparison
from tts.eval.report.terminal import Fitted
from tts.eval.report.wording import duration
from tts.eval.statistics import FEWEST, wilson
from tts.values import NANO, NOTHING, Budget, Usage

PLAIN_EVERY = 30.0
"""Seconds between lines where there is no terminal."""
PLAIN_ROWS = 8
"""Of them, rows of the grid."""
LIVE_EVERY = 0.5
SPARING = 20.0
"""Drawing a large grid takes at most one part in so many of the time."""
COLUMNS = ("runs", "accuracy", "95 %", "tokens/run")


class Progress:
    """Accuracy with its interval, spent, speed, time left and failures, per strategy and budget."""

    def __init__(self, console: Screen) -> None:
        self.console = console
        self._comparison: Comparison | None = None
        self._started = time.monotonic()
        self._ticker: asyncio.Task[None] | None = None
        self._live = Live(console=console, refresh_per_second=4, transient=True)

    def begin(self, comparison: Comparison) -> None:
        """The grid is known, and everything that stays is loaded."""
        fewer_collections()
        self._comparison, self._started = comparison, time.monotonic()

    async def __aenter__(self) -> Self:
        if self.console.is_terminal:
            self._live.start()
        self._ticker = asyncio.create_task(self._tick())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._ticker is not None:
            self._ticker.cancel()
        if self.console.is_terminal:
            self._live.stop()

    async def _tick(self) -> None:
        took = 0.0
        while True:
            every = LIVE_EVERY if self.console.is_terminal else PLAIN_EVERY
            await asyncio.sleep(max(every, SPARING * took))
            if self._comparison is None:
                continue
            began = time.monotonic()
            shown = self._shown(self._comparison)
            if self.console.is_terminal:
                self._live.update(shown)
            else:
                self.console.print(shown, soft_wrap=True)
            took = time.monotonic() - began

    def _shown(self, comparison: Comparison) -> Group:
        groups: dict[tuple[str, str], list[Attempt]] = {}
        for attempt in comparison.in_order():
            groups.setdefault((attempt.strategy, attempt.budget), []).append(attempt)
        head = line(comparison, max(time.monotonic() - self._started, 1e-3))
        rows = [(*labels, *summary(attempts)) for labels, attempts in groups.items()]
        if self.console.is_terminal:
            return Group(head, Fitted(COLUMNS, rows))
        told = (f"  {s}, {b}: {n} runs, {a} [{i}], {t} tokens/run" for s, b, n, a, i, t in rows)
        more = [f"  … and {len(rows) - PLAIN_ROWS} more rows"] if len(rows) > PLAIN_ROWS else []
        return Group(head, *map(Text, islice(told, PLAIN_ROWS)), *map(Text, more))


def line(comparison: Comparison, seconds: float) -> Text:
    """Runs, spending, speed, time left and failures; speed is of what was run here, in `seconds`."""
    attempts = comparison.attempts
    billed = sum((attempt.billed for attempt in attempts.values()), NOTHING)
    here = [one for key, one in attempts.items() if key not in comparison.taken]
    speed = sum(one.billed.tokens for one in here) / seconds
    left = comparison.size - len(attempts)
    ahead = f"{duration(seconds / len(here) * left)} left" if here else "no run has ended yet"
    held = len(comparison.elsewhere)
    parts = [
        f"{len(attempts)}/{comparison.size} runs",
        spent(billed, comparison.spec.wallet),
        f"{speed:,.0f} tokens/s",
        ahead,
        failures(attempts.values()),
        f"{held} problems in other processes" if held else "",
    ]
    return Text(", ".join(part for part in parts if part))


def spent(billed: Usage, wallet: Budget) -> str:
    """What was billed, against what the job may be billed."""
    tokens = f"{billed.tokens:,}" + ("" if wallet.tokens is None else f" of {wallet.tokens:,}")
    price = "price unknown" if billed.dollars is None else f"${billed.dollars:.4f}"
    if wallet.nanodollars is not None:
        price += f" of ${wallet.nanodollars / NANO:g}"
    return f"{tokens} tokens billed ({price})"


def failures(attempts: Iterable[Attempt]) -> str:
    """How many runs have no answer for a reason of their own, and the commonest reason."""
    reasons = [one.error or one.stopped_by for one in attempts if one.stopped_by in UNANSWERED]
    if not reasons:
        return "0 failed"
    reason, times = Counter(reasons).most_common(1)[0]
    return f"{len(reasons)} failed ({times} × {one_line(reason, 80).plain})"


def summary(attempts: list[Attempt]) -> tuple[str, str, str, str]:
    """Runs, accuracy, interval and tokens of one strategy under one budget."""
    graded = [one for one in attempts if one.grade.correct is not None and one.counted]
    right = sum(bool(attempt.grade.correct) for attempt in graded)
    tokens = sum(attempt.attributed.tokens for attempt in attempts) / len(attempts)
    if not graded:
        return str(len(attempts)), "-", "-", f"{tokens:,.0f}"
    found = wilson(right, len(graded))
    telling = len({attempt.problem_id for attempt in graded}) >= FEWEST
    interval = f"{100 * found.low:.0f}-{100 * found.high:.0f}" if telling else "too few to say"
    return str(len(attempts)), f"{100 * found.value:.1f} %", interval, f"{tokens:,.0f}"
