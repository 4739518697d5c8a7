"""Verdicts that are found again and again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tts.eval.bench import NeedsData
from tts.eval.bench.flips import flips, load
from tts.verifiers.sandbox import probe


def test_recorded_programs_keep_their_verdicts() -> None:
    if not probe("landlock").holds:
        pytest.skip("no isolation here")
    try:
        flipped, lost, told = flips(programs=3, repeats=2)
    except NeedsData as missing:
        pytest.skip(str(missing))
    assert (flipped.value, lost.value) == (0, 0)
    assert "3 of " in flipped.what and told.value <= 3


def test_without_data_there_is_nothing_to_examine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TTS_TEST_DATA", raising=False)
    with pytest.raises(NeedsData):
        flips(programs=1, repeats=1)


def test_the_load_ends_with_its_block() -> None:
    def children() -> int:
        return len(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())

    before = children()
    with load():
        assert children() > before
    assert children() == before
