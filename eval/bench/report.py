"""What a benchmark reports: figures beside the bars that they have to hold, or that it lacks data.

A `Row` is made by `figure`, which sets no bar, or by the name of its bar: `at_most`, `at_least`,
`within`, `exactly`.
"""

from __future__ import annotations

import os
from pathlib import Path

from msgspec import Struct

from tts.errors import UsageError

VARIABLE = "TTS_TEST_DATA"
"""Names the folder of real data."""


class Row(Struct, frozen=True, kw_only=True):
    """A measured figure, beside what a bare implementation took in the same run."""

    what: str
    value: float
    unit: str
    baseline: float | None = None
    """The same figure of the baseline, in the same unit."""
    ratio: float | None = None
    """`value / baseline`."""
    bar: str = ""
    """What has to hold, in words; empty where the figure is only reported."""
    holds: bool | None = None
    """None: there is no bar."""


def figure(what: str, value: float, unit: str, *, baseline: float | None = None) -> Row:
    """A figure that is reported without a bar."""
    return Row(what=what, value=value, unit=unit, baseline=baseline, ratio=ratio(value, baseline))


def at_most(
    what: str, value: float, unit: str, *, bar: float, baseline: float | None = None
) -> Row:
    """A figure that must not pass the bar."""
    return _barred(what, value, unit, baseline, f"≤ {bar:g} {unit}".rstrip(), value <= bar)


def at_least(
    what: str, value: float, unit: str, *, bar: float, baseline: float | None = None
) -> Row:
    """A figure that must reach the bar."""
    return _barred(what, value, unit, baseline, f"≥ {bar:g} {unit}".rstrip(), value >= bar)


def within(what: str, value: float, unit: str, *, baseline: float, times: float) -> Row:
    """A figure that must not pass a multiple of its baseline."""
    held = value <= times * baseline
    return _barred(what, value, unit, baseline, f"≤ {times:g} × baseline", held)


def exactly(what: str, value: float, unit: str, *, bar: float) -> Row:
    """A figure that must be met, not approached."""
    return _barred(what, value, unit, None, f"= {bar:g} {unit}".rstrip(), value == bar)


def ratio(value: float, baseline: float | None) -> float | None:
    """How many times the baseline; None where there is none."""
    return value / baseline if baseline else None


def _barred(
    what: str, value: float, unit: str, baseline: float | None, bar: str, holds: bool
) -> Row:
    return Row(
        what=what,
        value=value,
        unit=unit,
        baseline=baseline,
        ratio=ratio(value, baseline),
        bar=bar,
        holds=holds,
    )


class BenchReport(Struct, frozen=True, kw_only=True):
    """The figures of one benchmark; medians over several runs."""

    name: str
    machine: str
    rows: tuple[Row, ...]

    @property
    def holds(self) -> bool:
        """Whether no bar was missed."""
        return all(row.holds is not False for row in self.rows)


class NeedsData(UsageError):
    """A benchmark on real data was asked for where there is none."""


def data_folder(part: str) -> Path:
    """A part of the folder of real data; raises `NeedsData` where it is not there."""
    folder = os.environ.get(VARIABLE)
    if not folder or not (Path(folder) / part).is_dir():
        raise NeedsData(f"This benchmark needs real data: let {VARIABLE} name its folder.")
    return Path(folder) / part
