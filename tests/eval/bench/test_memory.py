"""What `tts bench memory` says of a process that grows, and of one that does not."""

from __future__ import annotations

import pytest

from tts.eval.bench.memory import growth, memory


def test_growth_is_told_before_and_after_the_warm_time() -> None:
    rising = [(second, 100 + 4.0 * min(second, 60)) for second in range(180)]
    assert growth([(float(at), size) for at, size in rising], 60.0) == pytest.approx(
        (240, 0), abs=1
    )


def test_a_steady_rise_is_its_rate() -> None:
    samples = [(second / 2, 100 + second / 120 * 6) for second in range(360)]
    assert growth(samples, 60.0)[1] == pytest.approx(6.0)


def test_an_embedded_comparison_is_watched() -> None:
    rows = memory(calls=200, seconds=9.0, warm=5.0)
    size, flat = rows[-2:]
    assert size.value > 50
    assert (flat.unit, flat.bar, flat.baseline is not None) == ("MiB/min", "≤ 1 MiB/min", True)
