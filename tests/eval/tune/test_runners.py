from __future__ import annotations

import sys

import pytest

from tts.eval.tune import Failed, Measured, Outcome, ProcessRunner

POINT = {"max_num_seqs": 8}


def outcome(code: str, seconds: float = 30.0) -> Outcome:
    """What a trial gives whose process runs this code, with request and result in `sys.argv`."""
    command = (sys.executable, "-c", f"import os, sys, time; {code}")
    return ProcessRunner("embedded/small", "beam", command=command, seconds=seconds).run(POINT)


def test_what_the_process_writes_is_the_outcome() -> None:
    written = '{"type": "measured", "rates": [1, 3, 2]}'
    found = outcome(f"open(sys.argv[2], 'w').write('{written}')")
    assert isinstance(found, Measured)
    assert found.rate == 2


def test_the_process_is_told_model_workload_and_setting() -> None:
    found = outcome("raise ValueError(open(sys.argv[1]).read())")
    assert isinstance(found, Failed)
    for part in ("embedded/small", "beam", "max_num_seqs"):
        assert part in found.reason


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("os.kill(os.getpid(), 9)", "signal 9"),
        ("sys.exit(3)", "code 3"),
        ("print('RuntimeError: no block'); sys.exit(1)", "no block"),
        ("pass", "no result"),
    ],
)
def test_every_way_to_end_badly_is_a_failed_trial(code: str, said: str) -> None:
    found = outcome(code)
    assert isinstance(found, Failed)
    assert said in found.reason


def test_a_trial_that_hangs_is_ended() -> None:
    found = outcome("time.sleep(60)", seconds=0.3)
    assert isinstance(found, Failed)
    assert "not done" in found.reason
