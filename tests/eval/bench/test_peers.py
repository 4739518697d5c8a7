"""`tts bench peers` where no other library is installed, and where one does not work."""

from __future__ import annotations

import sys

import pytest

from tts.errors import UsageError
from tts.eval.bench import BenchOptions, bench
from tts.eval.bench.peers import PEERS, interpreter, peers


def test_a_library_that_is_missing_or_broken_is_left_out_by_name() -> None:
    broken = interpreter("litellm")
    broken.parent.mkdir(parents=True)
    broken.symlink_to(sys.executable)
    beside_bare, *left_out = peers(calls=64, runs=1)
    assert beside_bare.value > 0 and beside_bare.baseline
    assert [row.what.split()[0] for row in left_out] == list(PEERS)
    hints = {row.what.split()[0]: row.what for row in left_out}
    assert "fails as it is installed" in hints.pop("litellm")
    assert all("--install-peers" in hint for hint in hints.values())


def test_an_option_belongs_to_its_benchmark() -> None:
    with pytest.raises(UsageError, match="tts bench peers"):
        bench("graph", BenchOptions(install_peers=True))
    with pytest.raises(UsageError, match="tts bench resume"):
        bench("peers", BenchOptions(problems=3))
