from __future__ import annotations

from pathlib import Path

import pytest

from tts.eval.tune import (
    Failed,
    Measured,
    Outcome,
    Point,
    SimulatedRunner,
    TrialRunner,
    Tried,
    search,
    space_for,
    start_points,
)
from tts.eval.tune.search import every
from tts.eval.tune.trial import best_of

pytest.importorskip("optuna")
pytestmark = pytest.mark.filterwarnings("ignore")
SPACE = space_for(cpu=True, reads=False)


def found(runner: TrialRunner, folder: Path, trials: int) -> tuple[Tried, ...]:
    start = start_points(SPACE)
    return search(runner, SPACE, trials=trials, study=folder / "s.db", name="a", start=start)


class Interrupted(SimulatedRunner):
    """Its user presses Ctrl-C during the fourth trial."""

    def run(self, point: Point) -> Outcome:
        if len(self.points) == 3:
            raise KeyboardInterrupt
        return super().run(point)


def test_the_shipped_profiles_are_measured_first(tmp_path: Path) -> None:
    tried = found(SimulatedRunner(), tmp_path, 2)
    assert tuple(one.point for one in tried) == start_points(SPACE)


def test_a_search_comes_near_the_peak_of_a_rugged_landscape(tmp_path: Path) -> None:
    runner = SimulatedRunner()
    best = best_of(found(runner, tmp_path, 40))
    fits = [one for one in every(SPACE) if isinstance(SimulatedRunner().run(one), Measured)]
    assert best is not None
    assert best[1].rate >= 0.97 * max(map(runner.rate, fits))


def test_a_crash_is_a_trial_and_not_the_end(tmp_path: Path) -> None:
    tried = found(SimulatedRunner(memory=1 << 19), tmp_path, 12)
    assert len(tried) == 12
    assert any(isinstance(one.outcome, Failed) for one in tried)
    assert any(isinstance(one.outcome, Measured) for one in tried)


def test_the_same_search_goes_on_and_measures_nothing_twice(tmp_path: Path) -> None:
    first, second = SimulatedRunner(), SimulatedRunner()
    before = found(first, tmp_path, 5)
    after = found(second, tmp_path, 12)
    assert after[:5] == before
    assert len(second.points) == 7
    points = [tuple(point.items()) for point in first.points + second.points]
    assert len(set(points)) == 12


def test_a_trial_that_was_interrupted_is_measured_again(tmp_path: Path) -> None:
    lost = Interrupted()
    with pytest.raises(KeyboardInterrupt):
        found(lost, tmp_path, 6)
    again = SimulatedRunner()
    assert len(found(again, tmp_path, 6)) == 6
    assert len(again.points) == 3


def test_a_small_space_is_measured_whole_and_once(tmp_path: Path) -> None:
    space = {"max_num_seqs": (8, 16), "max_num_batched_tokens": (512, 1024)}
    runner = SimulatedRunner()
    tried = search(runner, space, trials=50, study=tmp_path / "s.db", name="small")
    assert len(tried) == len(runner.points) == 4
