"""`tts bench reliability` in small: the same rows by fewer calls."""

from __future__ import annotations

from pathlib import Path

from tts.eval.bench import reliability_faults as faults
from tts.eval.bench.processes import ServerProcess
from tts.eval.bench.reliability_budget import at_once
from tts.eval.bench.reliability_estimate import COSTS, pilots
from tts.eval.bench.reliability_faults import stalled_stream
from tts.eval.bench.reliability_kills import killed_and_resumed, timeless
from tts.eval.bench.reliability_steps import at_random


def test_a_killed_job_is_gone_on_with_to_the_same_report_and_nothing_is_billed_twice() -> None:
    rows = killed_and_resumed(1, problems=2, draws=4)
    barred = {row.what.split(",")[0]: row.holds for row in rows if row.what.startswith("R1")}
    assert [barred[name] for name in list(barred)[:4]] == [True] * 4
    assert "over 16 calls" in rows[0].what


def test_ten_calls_worth_for_256_at_once_lets_ten_calls_leave(tmp_path: Path) -> None:
    sent, beyond = at_once(str(tmp_path / "ledger.db"), "SQLite")
    assert (sent.value, beyond.value) == (10, 0)


def test_wallets_that_take_steps_at_random_are_never_overdrawn() -> None:
    rows = {row.what: row for row in at_random(2_000)}
    assert [row.holds for row in rows.values() if row.bar] == [True] * 3
    assert rows["B4 times that the ceilings were met"].value > 0


def test_the_slot_of_a_stalled_stream_goes_to_the_next_draw_and_none_is_lost() -> None:
    [free, given_up, lost] = stalled_stream(calls=4)
    assert given_up.holds and free.value < 3.0 and lost.value == 0


def test_a_ledger_that_may_grow_no_more_ends_the_job_with_what_is_in_flight(
    tmp_path: Path,
) -> None:
    with ServerProcess(faults.GOOD) as server:
        rows = faults._stops(tmp_path / "job", server, 24, ("is small", faults.LIMITED))
    assert [row.holds for row in rows[:2]] == [True, True]


def test_what_two_runs_of_a_job_may_differ_in_is_left_out_of_a_report() -> None:
    told = {"rows": [{"seconds": 1.5, "billed": {"calls": 2}, "accuracy": 0.5}]}
    assert timeless(told) == {"rows": [{"accuracy": 0.5}]}


def test_every_kind_of_cost_is_foretold_and_its_bars_are_looked_at() -> None:
    rows = pilots(jobs=40)
    assert len(rows) == 3 * len(COSTS)
    assert all(row.value > 70 for row in rows if "inside" in row.what)
