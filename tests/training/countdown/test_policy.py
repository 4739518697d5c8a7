"""The parts of the countdown policy's training."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

from tts.training.countdown.policy import Fall


def test_a_fall_is_read_as_it_is_written_on_the_command_line() -> None:
    assert Fall.read("350@5e-3") == Fall(350, 0.005)
    assert str(Fall(350, 0.005)) == "350 from 0.005"


@pytest.mark.parametrize("text", ["350", "350@", "@5e-3", "a@b"])
def test_a_fall_without_steps_or_rate_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Fall.read(text)
