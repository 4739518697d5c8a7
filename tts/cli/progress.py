"""How a comparison stands while it runs: a table on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import asyncio
import time
from types import TracebackType
from typing import Self

from rich.live import Live
from rich.table import Table
from rich.text import Text

from tts.cli.screen import Screen
from tts.engine.fewer_collections import fewer_collections
from tts.eval.attempts import Attempt
from tts.eval.comparison import Comparison
from tts.eval.statistics import FEWEST, wilson
from tts.values import NOTHING, Usage

PLAIN_EVERY = 30.0
"""Seconds between lines where there is no terminal."""
LIVE_EVERY = 0.5
SPARING = 20.0
"""Drawing a large grid takes at most one part in so many of the time."""


class Progress:
    """Accuracy with its interval, spent, speed, time left and failures, per strategy and budget."""

    def __init__(self, console: Screen) -> None:
        self.console = console
        self._comparison: Comparison | None = None
        self._started = time.monotonic()
        self._replayed = 0
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
            if self.console.is_terminal:
                self._live.update(self._table(self._comparison))
            else:
                self.console.print(self._line(self._comparison))
            took = time.monotonic() - began

    def _line(self, comparison: Comparison) -> Text:
        attempts = list(comparison.attempts.values())
        done, whole = len(attempts), comparison.size
        billed = sum((attempt.billed for attempt in attempts), NOTHING)
        seconds = max(time.monotonic() - self._started, 1e-3)
        failed = sum(attempt.stopped_by == "failed" for attempt in attempts)
        left = f"{seconds / done * (whole - done):.0f} s left" if done else "no run has ended yet"
        held = len(comparison.elsewhere)
        beside = f", {held} problems in other processes" if held else ""
        return Text(
            f"{done}/{whole} runs, {billed.tokens:,} tokens billed ({dollars(billed)}), "
            f"{billed.tokens / seconds:,.0f} tokens/s, {failed} failed, {left}{beside}"
        )

    def _table(self, comparison: Comparison) -> Table:
        table = Table(title=self._line(comparison), title_justify="left")
        for name in ("strategy", "budget", "runs", "accuracy", "95 %", "tokens/run"):
            table.add_column(name)
        groups: dict[tuple[str, str], list[Attempt]] = {}
        for attempt in comparison.in_order():
            groups.setdefault((attempt.strategy, attempt.budget), []).append(attempt)
        for (strategy, budget), attempts in groups.items():
            table.add_row(strategy, budget, *summary(attempts))
        return table


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


def dollars(usage: Usage) -> str:
    """Billed dollars; unknown stays unknown."""
    return "price unknown" if usage.dollars is None else f"${usage.dollars:.4f}"
